## What is to be done. $object is namespace/name.
do-restart-pod = 파드 { $object } 재시작
do-restart-rollout = { $object } 전체 파드 재시작
do-roll-back = { $object } 리비전 { $to } 롤백
do-scale = { $object } 레플리카 { $to }개로 조정
do-adjust-hpa = HPA { $object } 범위 조정 ({ $to })
do-resize = { $object } 인플레이스 리사이즈 ({ $to })
do-cordon = 노드 { $object } cordon
do-uncordon = 노드 { $object } uncordon
do-drain = 노드 { $object } 드레인
do-isolate = 노드 { $object } 격리 (신규 파드 차단, 기존 파드 유지)
do-taint = 노드 { $object } 테인트 추가 ({ $to })
do-untaint = 노드 { $object } 테인트 { $to } 제거
do-set-node-pool-limits = NodePool { $object } 한도 조정 ({ $to })
do-zonal-shift = 가용 영역 { $to } 트래픽 우회

## Headlines by stage. $do is one of the lines above.
case-asked = 승인 요청: { $do }
case-waiting = 대기 중: { $do }
case-needs-review = 검토 필요: { $do }
case-denied = 거부됨: { $do }
case-expired = 승인 시간 초과: { $do }
case-overtaken = 대상 변경으로 중단: { $do }
case-dry-run-refused = API 서버 거부: { $do }
case-changing = 진행 중: { $do }
case-watching = 실행 완료, 복구 확인 중: { $do }
case-undoing = 되돌리는 중: { $do }
case-recovered = 복구됨: { $do }
case-not-recovered = 실행했으나 미복구: { $do }
case-worse = 실행 후 악화: { $do }
case-undone = 되돌림: { $do }
case-failed = 실행 실패: { $do }

## Labels
label-reason = 사유
label-changes = 변경 내용
label-risk = 위험도
label-reach = 영향 범위
label-way-back = 되돌리기
label-approval = 승인
label-history = 경과

## Sentences
risk-line = { $level } ({ $score }/100): { $reasons }
risk-why-action = 조치 자체
risk-why-share = Ready 파드 { $value } % 동시 영향
risk-why-stateful = { $value }
risk-why-data = 데이터 손실 가능 ({ $value })
risk-why-headroom = PDB { $value } 여유 없음
risk-why-environment = { $value }
risk-why-hours = 업무 시간 외
risk-why-confidence = 원인 확신도 { $value } %
risk-why-no-undo = 되돌리기 불가
risk-why-rollout = { $value } 배포 진행 중
risk-why-unproven = 다른 영역이 감당할 수 있는지 확인되지 않음
risk-why-last-zone = { $value } 하나만 남음
risk-why-concentrated = { $value } 대부분이 그 영역에 있음
reach-line = 파드 { $replicas }개 중 { $pods }개, 동시 { $share } %
reach-none-serving = 현재 Ready 파드 없음
reach-none = 교체되는 파드 없음
reach-budget = PDB { $budget } 여유 { $allowed }개
way-back-none = 없음: { $why }
way-back-except = ({ $why })
approval-one = 승인자 1명, { $until }까지
approval-two = 서로 다른 승인자 2명, { $until }까지
approval-missing = { $count ->
   *[other] { $count }명 추가 승인 필요
}
approved-by = { $who } 승인
approved-by-setting = { $who } 정책에 따라 자동 실행
denied-by = { $who } 거부: { $why }
asks-again = 대상이 변경되어 다시 확인이 필요합니다.
refused-by = 정책 거부: { $who }
not-an-approver = 승인 권한이 없습니다. approver 역할이 필요합니다 (NIGHTSHIFT_CONFIG의 roles).
not-the-requester = 요청한 사람은 승인할 수 없습니다.
too-late = 이미 처리됨: { $state }
diff-more = … 외 { $count }건
recovered-after = 변경 { $time } 후 복구 확인
undone-by = { $who } 되돌림 요청
undone-worse = 악화되어 되돌림: { $why }
undone-because = 종료: { $why }
recovered-zone = { $time } 후 영역 정상화
stage-gone = 보관 기간이 지난 조치
stage-expired = 승인 시간 초과
stage-denied = 이미 거부됨
stage-overtaken = 대상이 변경됨
stage-dry-run-refused = API 서버가 거부함
stage-needs-review = 정책이 거부함
stage-proposed = 아직 승인 요청 전
stage-asked = 승인 대기 중
stage-changing = 실행 중
stage-watching = 실행 완료, 복구 확인 중
stage-undoing = 되돌리는 중
stage-done = 실행 완료
stage-undone = 되돌림 완료
stage-failed = 실행 실패

## Buttons
button-approve = 승인
button-undo = 되돌리기
menu-deny = 거부 …
deny-wrong-cause = 원인이 틀림
deny-not-now = 지금은 안 됨
deny-by-hand = 직접 처리
deny-too-risky = 위험함
deny-own-words = 직접 입력 …
deny-no-reason = 사유 없음

## 사유를 적는 대화 상자. 제목과 버튼은 24자까지
dialog-title = 조치 거부
dialog-submit = 거부
dialog-close = 취소
dialog-reason = 거부 사유
dialog-reason-hint = 무엇이 문제인지, 대신 무엇을 해야 하는지
dialog-not-opened = 제시간에 대화 상자가 열리지 않았습니다. 아직 거부되지 않았습니다. 다시 선택하거나 메뉴의 다른 사유를 골라 주세요.

## Preconditions that do not hold. $object is Kind namespace/name.
unmet-missing = { $object } 없음
unmet-replaced = { $object } 재생성됨: 조치 대상과 다른 오브젝트
unmet-already-so = { $object } 이미 요청한 상태
unmet-wrong-kind = { $to }에는 적용할 수 없는 조치
unmet-unowned = { $object } 컨트롤러 없음: 삭제하면 다시 생성되지 않음
unmet-no-revision = { $object } 리비전 { $to } 보관 기간 지남
unmet-paused = { $object } 롤아웃 일시 중지 상태: 먼저 재개 필요
unmet-under-autoscaler = { $object } 레플리카는 HPA { $to } 관리 대상: minReplicas 조정 필요
unmet-out-of-bounds = 조치 허용 범위 초과: { $to }
unmet-memory-lowered = 컨테이너 { $to } 메모리는 인플레이스로 낮출 수 없음 (사용량이 더 크면 커널이 종료)
unmet-qos-changed = QoS 클래스 변경 발생 ({ $to }): 인플레이스로는 API가 거부
unmet-no-container = { $object }에 컨테이너 { $to } 없음
unmet-unread = { $to } 조회 실패로 조치 중단
unmet-not-wanted = 가용 영역 { $to } 우회가 더 이상 필요하지 않음
unmet-not-managed = { $to } 에 zonal shift 가 활성화되지 않음; EKS 또는 로드 밸런서 설정에서 활성화
unmet-shift-stands = { $to }
unmet-in-flight = { $to } 진행 중
unmet-no-room = 다른 영역에 여유가 없음: { $to }
