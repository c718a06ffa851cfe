## 메시지 항목
label-affects = 📌 요약
label-why = 🔍 원인
label-look = 🔧 조치
label-proposed = 🔧 제안
label-ruled-out = 제외한 원인
label-timeline = 타임라인
label-hypotheses = 가설
label-evidence = 근거
label-missing = 확인하지 못한 것
label-similar = 과거 유사 사례
label-agent = 추가 조사
label-alarm = 알람

## 제목
headline-cause = [INFRA] { $what }
headline-alert = [INFRA] { $alarm }: { $what }
headline-inconclusive = [INFRA] { $alarm }: 이상이 있으나 원인을 특정할 근거 부족
headline-healthy = [INFRA] { $alarm }: 클러스터에서 이상이 발견되지 않음
headline-unreachable = [INFRA] { $alarm }: 클러스터 { $cluster } 조회 불가
headline-unknown-cluster = [INFRA] { $alarm }: 설정된 클러스터에 속하지 않는 알람
headline-resolved = [해결됨] { $what } 이슈가 정상화되었습니다.
headline-faded = [종료] { $what }: 정상화 확인 없이 종료

## 문장
alarm-datapoint = { $value } (임계치 { $threshold })
joined-alarms = 알람 { $count }건 추가 발생
resolved-note = 이 인시던트의 모든 알람이 정상으로 돌아왔습니다. 지속 시간 { $duration }.
faded-note = 발생 중인 알람은 없으나 일부 알람에 몇 시간째 데이터가 없어 인시던트를 종료합니다. 정상화가 확인된 것은 아닙니다.
unreported-note = { $duration } 동안 알림이 다시 수신되지 않았습니다. 발신 측에서 무음(silence) 처리되었거나 규칙이 삭제된 것으로 보입니다. 인시던트를 종료하며, 정상화가 확인된 것은 아닙니다. 알림이 다시 오면 새 인시던트가 열립니다.
alarm-ok-note = { $alarm }: 정상으로 돌아왔습니다. 이 인시던트의 알람 { $open }건이 아직 발생 중입니다.
insufficient-note = { $alarm }: 판단할 데이터가 부족합니다 ({ $time }).
unreachable-why = 클러스터를 조회하지 못해 알람 자체의 내용만 전합니다. 사유: { $reason }
unknown-cluster = 알람의 차원(ClusterName) 또는 레이블(cluster)이 설정된 클러스터를 가리키지 않습니다. NIGHTSHIFT_CLUSTERS에 클러스터를 추가하세요.
healthy-why = 파드, 노드, 최근 변경을 확인했으나 알람을 설명하는 것이 없습니다. 클러스터 밖의 문제이거나 이미 끝난 문제일 수 있습니다.
inconclusive-why = 클러스터를 조회했으나 원인을 하나로 특정할 근거가 부족합니다.
permission-missing = 권한 없음: { $what }
seen-before = { $when } { $what }
confidence = 확신도 { $percent } %
action-line = { $action } (위험도 { $risk })
suppressed-note = CloudWatch가 이 알람의 작업을 억제하고 있습니다 ({ $by }).
more = 외 { $count }건
usual = 평소 { $value }
link-cloudwatch = CloudWatch
link-grafana = Grafana
link-grafana-alert = Grafana 알림
link-prometheus = Prometheus
link-runbook = 런북
agent-source = Bedrock 에이전트, 근거와 대조함

## 가설의 판정
hypothesis-confirmed = 확인
hypothesis-rejected = 기각
hypothesis-follows = 파생 증상

## 위험도
risk-low = 낮음
risk-medium = 중간
risk-high = 높음

## 조치
action-rollback = 이전 리비전으로 롤백
action-restart-pod = 파드 재시작
action-restart-rollout = 롤아웃 재시작
action-scale = 레플리카 수 조정
action-adjust-hpa = HPA 범위 조정
action-resize = requests/limits 변경
action-cordon = 노드 cordon
action-uncordon = 노드 uncordon
action-drain = 노드 drain
action-taint = 노드 taint 추가
action-untaint = 노드 taint 제거
action-zonal-shift = 가용 영역 트래픽 전환
action-node-pool-limit = NodePool 한도 상향
action-manual = 수동 변경
