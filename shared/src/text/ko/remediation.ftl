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
do-taint = 노드 { $object } 테인트 추가 ({ $to })
do-untaint = 노드 { $object } 테인트 { $to } 제거
do-set-node-pool-limits = NodePool { $object } 한도 조정 ({ $to })

## Headlines by stage. $do is one of the lines above.
case-asked = 승인 요청: { $do }
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

## Buttons
button-approve = 승인
button-undo = 되돌리기
menu-deny = 거부 …
deny-wrong-cause = 원인이 틀림
deny-not-now = 지금은 안 됨
deny-by-hand = 직접 처리
deny-too-risky = 위험함
