## What ails a node, as the rest of a sentence.
node-sign-failing = { $condition } 실패 상태 { $minutes }분 지속 ({ $reason })
node-sign-flapping = { $condition } 상태가 { $within }분 동안 { $changes }회 변경
node-sign-events = { $what }, { $within }분 동안 { $times }회 ({ $reason })
node-sign-disk = 디스크 사용률 { $percent }%, 시간당 { $rate }% 증가: { $hours }시간 후 { $threshold }% 도달
node-sign-restarts = 워크로드 { $workloads }개의 파드 { $here }개가 이 노드에서 재시작 (다른 노드 기준 예상 { $expected }개)
node-event-kernel = 커널 멈춤 또는 오류
node-event-system-oom = 시스템 메모리 부족 (SystemOOM)
node-event-reboot = 노드 재부팅
node-event-kubelet-restart = kubelet 재시작
node-event-runtime-restart = 컨테이너 런타임 재시작 또는 무응답
node-event-filesystem = 파일시스템 오류 또는 읽기 전용
node-event-disk-space = 디스크 공간 확보 실패
node-event-accelerator = 가속기 오류
node-reason-well = 노드가 { $minutes }분 동안 정상

## Headlines
node-ails = { $node }: { $sign }
node-many = 노드 { $of }개 중 { $count }개: { $sign }
node-well = { $node }: { $minutes }분째 정상
node-gone = { $node }: 노드가 더 이상 없음

## Labels
node-label-more = 📌 추가
node-label-which = 📌 대상
node-label-then = 🔧 조치
node-label-look = 🔍 확인
node-since = { $time }부터

## What follows
node-then-watch = 테인트할 정도는 아니며 계속 관찰합니다.
node-then-taint-observe = 신규 파드를 받지 않아야 합니다. nodes.mode가 observe이므로 제안하지 않습니다.
node-then-taint-ask = 신규 파드를 막는 테인트를 아래에서 제안합니다. 실행 중인 파드는 유지됩니다.
node-then-taint-automatic = 신규 파드를 막도록 테인트합니다. 실행 중인 파드는 유지됩니다. 정책이나 위험도가 허용하지 않으면 아래에서 승인을 요청합니다.
node-then-untaint-observe = 테인트를 제거해도 됩니다. nodes.mode가 observe이므로 제안하지 않습니다.
node-then-untaint-ask = 테인트 제거를 아래에서 제안합니다.
node-then-untaint-automatic = 테인트를 제거합니다.
node-again = ({ $count }번째 요청: 이전에는 승인되지 않음)
node-held-share = 테인트하지 않음: 이미 { $tainted }개 노드가 대상이며 동시에 { $most }개까지 허용 (nodes.share_percent).
node-held-pool = 테인트하지 않음: 풀 { $pool }에 파드를 받을 다른 노드가 없음.
node-held-zone = 테인트하지 않음: 가용 영역 { $zone }에 파드를 받을 다른 노드가 없음.
node-held-kept-off = Kubernetes가 자체 테인트로 신규 파드를 막고 있습니다.
node-held-overruled = 다시 테인트하지 않음: 누군가 테인트를 직접 제거했습니다.
node-held-common = 동시에 여러 노드가 같은 증상이면 노드 자체의 문제가 아닙니다. 공통 원인(에이전트 배포, 네트워크, AMI)을 확인하세요. 테인트하지 않습니다.

## Findings of GuardDuty
finding-headline = { $where }: { $what }
finding-sample = [샘플 탐지] { $where }: { $what }
finding-label-what = 🔍 탐지
finding-label-where = 📌 위치
finding-label-process = 📌 프로세스
finding-severity = { $level } ({ $score })
finding-low = 낮음
finding-medium = 중간
finding-high = 높음
finding-critical = 심각
finding-seen = { $count }회, { $first } ~ { $last }
finding-then-observe = 노드를 격리해야 합니다. guardduty.mode가 observe이므로 제안하지 않습니다.
finding-then-ask = 노드 격리를 아래에서 제안합니다. 신규 파드만 막고 노드의 모든 것은 증거로 보존합니다.
finding-then-automatic = 노드를 격리합니다. 신규 파드만 막고 노드의 모든 것은 증거로 보존합니다. 정책이나 위험도가 허용하지 않으면 아래에서 승인을 요청합니다.
finding-then-isolated = 노드가 격리되었습니다. 이후 조치는 담당자의 결정입니다. 드레인은 아래에서 승인을 요청하며, 실행 중인 것을 종료합니다.
finding-then-no-node = 현재 존재하는 노드를 가리키지 않아 격리하지 않습니다. 탐지된 대상을 확인하세요.
finding-then-elsewhere = Nightshift가 아는 클러스터가 아니어서 격리하지 않습니다. 관리 대상이면 NIGHTSHIFT_CLUSTERS에 추가하세요.
finding-then-unread = 클러스터를 읽지 못해 노드를 아직 알 수 없습니다. 매분 다시 확인합니다 ({ $why }).
