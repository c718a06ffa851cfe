## Asking
ask-reading = { $what }: { $cluster } 조회 중 …
ask-reading-question = { $cluster } 확인 중 …
ask-refused = { $role } 권한이 필요합니다.
ask-refused-in = 네임스페이스 { $namespace }의 { $role } 권한이 필요합니다.
ask-refused-help = 권한은 Nightshift 설정 파일(roles:)에서 사용자와 사용자 그룹에 부여합니다.
ask-unidentified = Slack에서 사용자 그룹을 확인하지 못해 권한을 알 수 없습니다. 잠시 후 다시 시도해 주세요.
ask-no-cluster = 설정된 클러스터가 없습니다.
ask-no-cluster-help = NIGHTSHIFT_CLUSTERS 또는 NIGHTSHIFT_CONFIG 파일의 clusters: 를 설정해 주세요.
ask-unknown-cluster = 설정되지 않은 클러스터입니다. 설정된 클러스터:
ask-unreachable = { $cluster } 조회 불가
ask-not-read = 조회하지 못한 항목
ask-unknown = 알 수 없음
ask-unknown-command = { $command } 명령은 없습니다. 사용할 수 있는 명령:
ask-again = 재전송: 첫 번째 답변의 전송 결과를 확인하지 못해 다시 보냅니다. 같은 답변이 위에 있을 수 있습니다.
ask-help = 사용할 수 있는 명령:

## Roles
role-viewer = viewer(조회)
role-operator = operator(운영)
role-approver = approver(승인)

## Help
help-health = 클러스터의 노드, 파드, CPU, 메모리, 디스크, 네트워크, 알람
help-service-status = 서비스의 레플리카, 파드, 재시작 횟수, 노드, 버전
help-net-check = 서비스, 데이터베이스, 버킷, 테이블 연결 점검
help-events = 최근 이벤트 10건 (네임스페이스 또는 “warning” 지정 가능)
help-logs = 서비스의 최신 파드 로그 마지막 20줄

## /health
label-nodes = 노드
label-pods = 파드
label-cpu = CPU
label-memory = 메모리
label-disk = 디스크
label-network = 네트워크
label-alarms = 활성 알람
health-nodes-not-ready = NotReady 노드 { $count }대
health-pods-error = 오류 파드 { $count }개
health-pods-pending = 대기 파드 { $count }개
health-alarms-active = 활성 알람 { $count }건
health-all-well = 이상 없음
health-not-all-known = 일부 항목 조회 불가
health-cordoned = cordon { $count }대
health-no-prometheus = PROMETHEUS_URL 미설정
health-disk = 읽기 { $first } MB/s · 쓰기 { $second } MB/s
health-network = 수신 { $first } MB/s · 송신 { $second } MB/s
health-no-alarms = 없음

## Choosing a service
choose-service = 서비스를 선택해 주세요.
choose-not-found = “{ $asked }”에 해당하는 서비스가 없거나 여러 개입니다. 서비스를 선택해 주세요.
choose-placeholder = 서비스 선택
choose-none = 선택할 수 있는 서비스가 없습니다.
choose-no-deployments = 네임스페이스 { $namespace }에 디플로이먼트가 없습니다.
choose-none-help = Nightshift 설정 파일(services:)에 서비스를 등록하거나 K8S_NAMESPACE를 설정해 주세요.

## /service-status
status-ready = { $name }: { $ready }/{ $wanted } Ready
status-unread = { $name }: 조회 불가
status-absent = { $name }: 해당 { $kind } 없음
status-updated = 최신 버전 { $count }/{ $of }
status-no-pods = 파드가 없습니다.
status-no-node = 노드 미배정
status-not-ready = 준비 안 됨
status-restarts = 재시작 { $count }회
status-age = 생성 후 { $age }
status-last-ended = 직전 종료: { $how }

## /logs
logs-previous = 마지막 재시작 이전 로그
logs-empty = 로그가 비어 있습니다.
logs-none = 로그 없음: { $why }

## /events
events-latest = { $cluster }: 최근 이벤트 { $shown }건 (전체 { $count }건)
events-none = { $cluster }: 이벤트 없음
events-unread = { $cluster }: 이벤트 조회 불가
events-time = 시각
events-reason = 사유
events-object = 대상
events-message = 메시지

## /net-check
net-headline = { $cluster }: Critical { $critical }건, Warning { $warning }건, OK { $ok }건
net-pods = 파드 { $ready }/{ $wanted } Ready
net-service = 서비스 { $names }
net-endpoints = 엔드포인트 { $count }개
net-endpoints-not-ready = 준비 안 된 엔드포인트 { $count }개
net-reached = 파드 주소 { $tried }개 중 { $reached }개 연결
net-no-workload = 해당 워크로드 없음
net-none-ready = 준비된 파드 없음
net-no-endpoints = 트래픽을 받는 엔드포인트 없음
net-some-not-ready = 일부 파드 준비 안 됨
net-no-service = 파드를 선택하는 서비스 없음
net-scaled-to-zero = 레플리카 0
net-not-reached = 파드 주소 연결 불가 (함수가 VPC 안에 있는지 확인)
net-port-refused = 파드 포트 연결 거부
net-not-configured = 미설정
net-no-tls = TLS 미제공
net-tls-unknown = 연결됨, TLS 제공 여부 미확인

## Questions
question-not-understood = 규칙만으로는 답할 수 없는 질문입니다.
question-can-ask = 답할 수 있는 질문: 서비스 상태, 파드가 Pending이거나 크래시하는 이유, OOM 발생 파드, 부하 높은 노드, A에서 B로의 연결, 최근 변경.
question-needs-agent = 그 밖의 질문에는 Bedrock 에이전트(BEDROCK_ANALYSIS_AGENT_ID)가 필요합니다.
question-needs-more = 이 질문에 필요한 데이터가 없습니다.
question-needs-cost = 비용과 Spot 절감액은 비용 데이터에 접근할 수 있는 Bedrock 에이전트(BEDROCK_ANALYSIS_AGENT_ID)가 필요합니다.
question-answered = 확인 결과
question-nothing-wrong = { $name }: 이상 없음
question-trouble = { $cluster }: 이상 항목
question-out-of-memory = { $count ->
    [0] 메모리 부족으로 종료된 컨테이너 없음
   *[other] 메모리 부족으로 종료된 컨테이너 { $count }개
}
question-oom = { $name }: 메모리 한도 { $limit } 초과로 OOMKilled, 재시작 { $count }회
question-oom-no-limit = { $name }: 메모리 한도 미설정 상태에서 OOMKilled, 재시작 { $count }회
question-hot-nodes = { $cluster }: 사용률 높은 노드
question-node = { $name }: CPU { $cpu } %, 메모리 { $memory } %
question-changes = { $cluster }: 최근 6시간 변경 사항
question-reach = { $from } → { $to }
question-endpoints = { $name }: 트래픽을 받는 주소 { $count }개, 포트 { $ports }
question-no-service = { $name }의 파드를 선택하는 서비스 없음
question-policy = { $name } 정책 적용 중 (허용되지 않은 트래픽 차단)
question-nothing = 찾은 내용이 없습니다.

## The agent's part
agent-looking = 에이전트가 추가로 확인 중
look-list = { $namespace } { $kind } 목록
look-all = 클러스터 { $kind } 목록
look-log = { $object } 로그
look-metrics = { $object } 메트릭
look-incidents = 과거 장애
agent-nothing = 에이전트가 근거를 들어 추가할 내용이 없습니다.
agent-stopped = 검증을 통과하지 못한 에이전트 답변 { $count }건은 표시하지 않습니다.
agent-throttled = Bedrock 요청 한도 초과로 규칙 기반 답변만 표시합니다. 잠시 후 다시 질문해 주세요.
agent-absent = Bedrock 에이전트를 호출할 수 없어 규칙 기반 답변만 표시합니다 (BEDROCK_ANALYSIS_AGENT_ID, 별칭, 호출 권한 확인).
agent-slow = Bedrock 에이전트가 제한 시간 안에 응답하지 않아 규칙 기반 답변만 표시합니다.
agent-failed = Bedrock 에이전트 오류로 규칙 기반 답변만 표시합니다.
source-log = 로그
source-metric = 메트릭
source-status = 현재 상태
source-incidents = 과거 장애
source-cluster = 클러스터
