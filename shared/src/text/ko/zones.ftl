## 가용 영역
zone-headline-faults = { $zone } 오류율이 다른 영역의 { $times }배
zone-headline-latency = { $zone } 지연이 다른 영역의 { $times }배
zone-headline-both = { $zone } 오류율 { $times }배, 지연 { $slower }배 (다른 영역 대비)
zone-headline-others = { $zone } 평소보다 악화, 다른 영역도 마찬가지: 영역 장애가 아님
zone-headline-silent = { $zone } 지표 수신 없음
zone-headline-over = 해제: { $zone } 정상
zone-headline-heard = 해제: { $zone } 지표 다시 수신
zone-headline-trial = 시험 복귀: { $zone } 상태를 알 수 없어 트래픽을 돌려 확인
zone-headline-new-normal = { $zone } 상태가 오래 지속되어 평소 값으로 간주: 트래픽 복귀
zone-headline-soon = { $zone }: { $time }경 지연이 평소의 2배로 예상됨
zone-headline-not-soon = { $zone }: 지연이 2배가 될 것으로 더는 예상되지 않음
zone-all = 모든 영역

## 레이블
zone-label-seen = 🔍 관찰
zone-label-but = ⚖️ 보류 사유
zone-label-done = 🔧 조치
zone-label-course = 🕒 경과

## 관찰
zone-faults = 요청의 { $percent } % 실패 (다른 영역 { $others } %, 평소 { $usual } %): { $minutes }분간 { $requests }건 중 { $faults }건
zone-latency = 지연 { $latency } ms (평소 { $usual } ms), 다른 영역 기준의 { $times }배
zone-performs = 기준선보다 { $percent } % 낮은 성능
zone-witness = 다른 근거: { $what }
zone-witness-instances = 둘 이상의 인스턴스
zone-witness-workloads = 둘 이상의 워크로드
zone-witness-second-signal = 오류와 지연 동시
zone-witness-probes = 프로브
zone-witness-packets = 패킷 재전송
zone-witness-aws = AWS
zone-missing = { $zones } 데이터 없음
zone-soon = 지연 { $latency } ms (평소 { $usual } ms), 시간당 { $percent } % 증가
zone-growth = 수요: { $until }까지 지금보다 최대 { $percent } % 증가 예상 (이 시간대 평소 기준)
zone-growth-none = 수요: { $until }까지 지금보다 늘지 않을 전망
zone-growth-unknown = 수요: { $until }까지의 전망을 아직 모름 (이력 하루 미만), { $percent } % 여유로 계산

## 보류 사유
zone-but-early = 영역을 비울 만큼 심하거나 확실하지 않음
zone-but-hardly-known = 평소 값을 아직 모름
zone-but-little-traffic = 판단하기에 트래픽이 적음
zone-but-few-faults = 판단하기에 오류가 적음
zone-but-others = 다른 영역도 평소보다 악화
zone-but-alone = 다른 근거 없음: 인스턴스 하나의 문제일 수 있음
zone-but-another = 이미 다른 영역을 비우는 중, 두 영역을 동시에 비우지 않음
zone-but-silent = 지표가 없으면 정상인지 장애인지 알 수 없음
zone-but-soon = 예측일 뿐 아직 장애 아님: 상승이 멈출 수 있음

## 조치
zone-do-watch = 없음 (지켜보는 중)
zone-do-observe = 없음 (observe 모드). ask 모드라면 지금 { $zone } 영역 전환을 제안
zone-do-proposed = { $zone } 영역 전환 제안: 이 스레드에서 승인 버튼을 누르세요
zone-do-begins = { $zone } 영역 전환 시작
zone-do-waits = { $zone } 영역 전환 대기 중: 아직 충족되지 않은 조건은 이 스레드 참고
zone-do-stands = { $since }부터 { $zone } 트래픽 우회 중, 연장하지 않으면 { $until }까지
zone-do-denied = 없음: 전환이 거부됨
zone-do-expired = 없음: 시간 안에 아무도 승인하지 않음
zone-do-not = 없음: 전환을 실행하지 못함, 이 스레드 참고
zone-do-ended = { $zone } 트래픽 복귀

## 경과
zone-course-since = { $time }부터
zone-course-left = { $time }부터 비울 대상
zone-course-extended = { $count }회 연장
zone-course-over = { $time }에 종료, { $duration } 지속

## 차트
zone-chart-title = { $zone }, 다른 영역과 비교
