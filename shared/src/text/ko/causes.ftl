# 원인의 이름과 제목 문장.
# .line은 원인의 facts로 채우는 제목 문장이고, 값이 없으면 .line2, .line3 … 순으로 값이 모두 있는 문장을 쓴다. 없으면 이름.

cause-missing-service-account = ServiceAccount 없음
    .line = ServiceAccount { $account } 없음, 파드 생성 불가
cause-namespace-cpu-quota-exceeded = 네임스페이스 CPU 쿼터 초과
    .line = 쿼터 { $quota }의 { $resource } 한도 { $hard } 초과 (사용 중 { $used }), 파드 생성 불가
    .line2 = 쿼터 { $quota }의 { $resource } 한도 초과, 파드 생성 불가
cause-namespace-memory-quota-exceeded = 네임스페이스 메모리 쿼터 초과
    .line = 쿼터 { $quota }의 { $resource } 한도 { $hard } 초과 (사용 중 { $used }), 파드 생성 불가
    .line2 = 쿼터 { $quota }의 { $resource } 한도 초과, 파드 생성 불가
cause-namespace-pod-quota-exceeded = 네임스페이스 파드 수 쿼터 초과
    .line = 쿼터 { $quota }의 { $resource } 한도 { $hard } 초과 (사용 중 { $used }), 파드 생성 불가
    .line2 = 쿼터 { $quota }의 { $resource } 한도 초과, 파드 생성 불가
cause-namespace-service-quota-exceeded = 네임스페이스 서비스 수 쿼터 초과
    .line = 쿼터 { $quota }의 서비스 수 한도 { $hard } 도달, Service { $service } 생성 불가
    .line2 = 쿼터 { $quota }의 { $resource } 한도 도달, Service 생성 불가
cause-namespace-storage-quota-exceeded = 네임스페이스 스토리지 쿼터 초과
    .line = 쿼터 { $quota }의 { $resource } 한도 { $hard } 초과 (사용 중 { $used }), PVC 생성 불가
    .line2 = 쿼터 { $quota }의 { $resource } 한도 초과, PVC { $claim } 생성 불가
    .line3 = 쿼터 { $quota }의 { $resource } 한도 초과, PVC 생성 불가
cause-quota-requires-limits = 쿼터가 요구하는 requests/limits 미설정
    .line = 쿼터 { $quota } 필수 항목 { $missing } 미설정, 파드 생성 불가
cause-missing-persistent-volume-claim = PVC 없음
    .line = PVC { $claim } 없음, 볼륨을 마운트하지 못해 파드 기동 불가
cause-webhook-unavailable = 어드미션 웹훅 응답 없음
    .line = 어드미션 웹훅 { $webhook } 응답 없음, 파드 생성 불가
cause-pod-security-violation = 파드 보안 표준 위반
    .line = 네임스페이스의 파드 보안 수준 { $level } 위반, 파드 생성 불가 ({ $violation })
    .line2 = 네임스페이스의 파드 보안 수준 { $level } 위반, 파드 생성 불가
cause-node-cordon-mismatch = 배치 가능한 노드가 cordon 상태
    .line = 배치 가능한 노드가 모두 cordon 상태 ({ $detail })
    .line2 = 배치 가능한 노드가 모두 cordon 상태
cause-node-affinity-mismatch = 노드 어피니티에 맞는 노드 없음
    .line = 노드 어피니티 { $detail } 조건에 맞는 노드 없음
    .line2 = 노드 어피니티 조건에 맞는 노드 없음
cause-node-selector-mismatch = nodeSelector에 맞는 노드 없음
    .line = nodeSelector { $detail } 조건에 맞는 노드 없음
    .line2 = nodeSelector 조건에 맞는 노드 없음
cause-pod-anti-affinity-conflict = 파드 안티어피니티로 배치할 노드 없음
    .line = 파드 안티어피니티로 레플리카 { $detail }개를 나누어 배치할 노드 부족
cause-taint-toleration-mismatch = taint에 대한 toleration 없음
    .line = 노드 taint { $detail }에 대한 toleration 없음
    .line2 = 노드 taint에 대한 toleration 없음
cause-cpu-capacity-mismatch = 요청한 CPU를 수용할 노드 없음
    .line = CPU 요청량 { $detail }, 수용할 노드 없음 (최대 노드 { $largest })
    .line2 = CPU 요청량 { $detail }, 수용할 노드 없음
cause-memory-capacity-mismatch = 요청한 메모리를 수용할 노드 없음
    .line = 메모리 요청량 { $detail }, 수용할 노드 없음 (최대 노드 { $largest })
    .line2 = 메모리 요청량 { $detail }, 수용할 노드 없음
cause-gpu-capacity-mismatch = 요청한 GPU를 수용할 노드 없음
    .line = GPU 요청량 { $detail }, 수용할 노드 없음 (최대 노드 { $largest })
    .line2 = GPU 요청량 { $detail }, 수용할 노드 없음
cause-pod-capacity-exceeded = 노드의 파드 수 한도 도달
    .line = 배치 가능한 모든 노드가 파드 수 한도에 도달
cause-pv-binding-occupied = 볼륨이 다른 PVC에 바인딩됨
    .line = PVC { $claim }의 볼륨 { $volume }, 다른 PVC { $holder }에 바인딩된 상태
    .line2 = PVC { $claim }의 볼륨 { $volume }, 이미 사용되어 바인딩 불가
cause-pvc-selector-mismatch = PVC 셀렉터에 맞는 볼륨 없음
    .line = PVC { $claim }의 셀렉터 { $wanted }, 볼륨 { $volume }의 레이블({ $has ->
            [none] 없음
           *[other] { $has }
        })과 불일치
cause-pvc-storage-class-mismatch = PVC 스토리지 클래스 불일치
    .line = PVC { $claim }의 스토리지 클래스 { $class } 없음
    .line2 = PVC { $claim }의 스토리지 클래스 { $wanted ->
            [none] 미지정
           *[other] { $wanted }
        }, 볼륨 { $volume }의 클래스({ $has ->
            [none] 미지정
           *[other] { $has }
        })와 불일치
cause-pvc-capacity-mismatch = PVC 용량을 만족하는 볼륨 없음
    .line = PVC { $claim } 요청 용량 { $wanted }, 볼륨 { $volume } 용량({ $has }) 초과
cause-pvc-access-mode-mismatch = PVC 접근 모드 불일치
    .line = PVC { $claim } 접근 모드 { $wanted }, 볼륨 { $volume } 접근 모드({ $has })와 불일치
cause-volume-zone-mismatch = 볼륨이 다른 가용 영역에 있음
    .line = PVC { $claim } 볼륨의 가용 영역에 파드를 배치할 노드 없음
    .line2 = 볼륨의 가용 영역에 파드를 배치할 노드 없음
cause-scheduling-gated = 스케줄링 게이트가 해제되지 않음
    .line = 스케줄링 게이트 { $gate } 미해제, 파드 배치 대기
cause-incorrect-image-reference = 존재하지 않는 이미지
    .line = 이미지 { $image } 풀 실패, 존재하지 않거나 잘못된 참조
cause-missing-image-pull-secret = 이미지 풀 시크릿 없음 또는 오류
    .line = 이미지 { $image } 풀 거부, { $secret ->
            [refused] 풀 시크릿이 인증되지 않음
           *[absent] 사용할 풀 시크릿 없음
        }
cause-image-registry-dns-failure = 이미지 레지스트리 DNS 조회 실패
    .line = 이미지 { $image }의 레지스트리 DNS 조회 실패
cause-image-registry-rate-limited = 이미지 레지스트리 요청 제한
    .line = 이미지 { $image } 풀 거부, 레지스트리 요청 한도 초과
cause-missing-secret-binding = Secret 또는 키 없음
    .line = Secret { $name }{ $missing ->
            [key] 에 필요한 키 없음
           *[object] {" "}없음
        }, 컨테이너 기동 불가
cause-missing-configmap = ConfigMap 또는 키 없음
    .line = ConfigMap { $name }{ $missing ->
            [key] 에 필요한 키 없음
           *[object] {" "}없음
        }, 컨테이너 기동 불가
cause-volume-mount-permission-denied = 볼륨 마운트 권한 거부
    .line = 컨테이너 { $container }의 볼륨 { $volume } ({ $path }) 접근 권한 없음
    .line2 = 노드의 볼륨 마운트 거부, 파드 기동 불가
cause-volume-attach-failure = 볼륨 연결 실패
    .line = { $state ->
            [held] 볼륨이 다른 노드에 연결되어 있어 파드에 연결 불가
           *[failed] 파드 볼륨 연결 또는 마운트 실패
        }
cause-sandbox-creation-failure = 파드 샌드박스 생성 실패
    .line = 노드의 파드 샌드박스 생성 실패 (이벤트 { $count }건)
cause-container-command-error = 컨테이너 명령 실행 불가
    .line = 컨테이너 { $container }의 명령 실행 불가 ({ $error })
    .line2 = 컨테이너 { $container }의 명령 실행 불가
cause-init-container-failure = 초기화 컨테이너 실패
    .line = 초기화 컨테이너 { $container } 실패, 종료 코드 { $exit_code } ({ $words })
    .line2 = 초기화 컨테이너 { $container } 실패, 종료 코드 { $exit_code }
cause-oom-killed = 메모리 부족으로 종료 (OOMKilled)
    .line = 컨테이너 { $container } 메모리 한도 { $limit } 초과로 강제 종료 (OOMKilled)
    .line2 = 컨테이너 { $container } 메모리 부족으로 강제 종료 (OOMKilled)
    .line3 = 메모리 한도 { $start_limit } 부족으로 기동 전 강제 종료 (OOMKilled)
    .line4 = { $before ->
           *[start] 메모리 부족으로 기동 전 강제 종료 (OOMKilled)
        }
cause-memory-leak = 메모리 누수
    .line = 메모리 사용량 { $from } → { $to }, 계속 증가 중
cause-cpu-throttling = CPU 제한으로 스로틀링 발생
    .line = CPU 한도 { $limit } 도달로 스로틀링 발생 (최근 배포에서 { $before } → { $limit } 하향)
    .line2 = CPU 한도 { $limit } 도달로 스로틀링 발생
cause-liveness-probe-incorrect-port = liveness 프로브 포트 오류
    .line = 컨테이너 { $container }의 { $probe } 프로브 포트 { $port } 오류 (서비스 포트 { $served })
    .line2 = 컨테이너 { $container }의 { $probe } 프로브 포트 { $port } 오류
cause-liveness-probe-incorrect-protocol = liveness 프로브 프로토콜 오류
    .line = 컨테이너 { $container }의 { $probe } 프로브 프로토콜 오류, 포트 { $port }의 { $protocol } 응답 없음
cause-liveness-probe-incorrect-timing = liveness 프로브 시간 설정 오류
    .line = 컨테이너 { $container }의 { $probe } 프로브 시간 부족 (시작 { $delay }초 후 검사, 실패 { $patience }초 지속 시 재시작)
cause-readiness-probe-incorrect-port = readiness 프로브 포트 오류
    .line = 컨테이너 { $container }의 { $probe } 프로브 포트 { $port } 오류 (서비스 포트 { $served })
    .line2 = 컨테이너 { $container }의 { $probe } 프로브 포트 { $port } 오류
cause-readiness-probe-incorrect-protocol = readiness 프로브 프로토콜 오류
    .line = 컨테이너 { $container }의 { $probe } 프로브 프로토콜 오류, 포트 { $port }의 { $protocol } 응답 없음
cause-service-sidecar-port-conflict = 사이드카와 포트 충돌
    .line = 컨테이너 { $container }의 포트 { $port } 바인딩 실패, 같은 파드의 다른 컨테이너가 사용 중
    .line2 = 같은 파드의 두 컨테이너가 포트 { $port } 중복 사용
    .line3 = 컨테이너 { $container }의 포트 바인딩 실패, 같은 파드의 다른 컨테이너가 사용 중
    .line4 = 같은 파드의 두 컨테이너가 같은 포트 사용
cause-mysql-invalid-credentials = 데이터베이스 인증 실패
    .line = 데이터베이스 { $database } 로그인 거부, 사용자 또는 비밀번호 오류
    .line2 = 데이터베이스 로그인 거부, 사용자 또는 비밀번호 오류
cause-mysql-invalid-port = 데이터베이스 포트 오류
    .line = 데이터베이스 { $database } 연결 거부, 설정 포트 { $port } (실제 포트 { $ports })
    .line2 = 데이터베이스 { $database } 연결 거부, 잘못된 포트 (실제 포트 { $ports })
cause-db-read-only = 데이터베이스 읽기 전용 상태
    .line = 데이터베이스가 읽기 전용 상태, 쓰기 불가
cause-db-connection-exhaustion = 데이터베이스 연결 고갈
    .line = 데이터베이스 연결 고갈, 신규 연결 불가
cause-application-crash = 애플리케이션 크래시
    .line = 컨테이너 { $container } 크래시, 종료 코드 { $exit_code } ({ $words })
    .line2 = 컨테이너 { $container } 크래시, 종료 코드 { $exit_code }
cause-missing-environment-variable = 환경 변수 누락
    .line = { $variable } 누락으로 기동 실패{ $before ->
           *[set] {" "}(이전 리비전에는 설정됨)
        }
    .line2 = { $variable } 누락으로 기동 실패
cause-disk-full = 디스크 가득 참
    .line = 디스크 공간 부족, 쓰기 불가
cause-certificate-expired = 인증서 만료
    .line = TLS 인증서 만료로 연결 실패
cause-dependency-unavailable = 의존 서비스 응답 없음
    .line = { $host } 응답 없음 (호출: { $callers })
    .line2 = { $host } 응답 없음
    .line3 = 클러스터 외부 { $outside } 응답 없음
cause-rate-limited = 요청 속도 제한
    .line = 최근 요청 { $lines }건이 요청 한도 초과로 거부됨
cause-deployment-zero-replicas = 레플리카 수 0으로 설정됨
    .line = 레플리카 수 0인 상태에서 다른 워크로드가 계속 호출
cause-bad-rollout = 최근 배포로 인한 장애
    .line = 리비전 { $revision } 기동 실패, 리비전 { $before }까지 정상 ({ $change ->
            [image] 이미지 변경: { $changed }
            [variable-gone] 환경 변수 { $changed } 삭제
            [variable-new] 환경 변수 { $changed } 추가
            [variable-value] 환경 변수 { $changed } 값 변경
            [container-gone] 컨테이너 { $changed } 삭제
            [container-new] 컨테이너 { $changed } 추가
           *[part] { $changed } 변경
        })
    .line2 = 리비전 { $revision } 기동 실패
cause-rbac-denied = RBAC 권한 거부
    .line = ServiceAccount { $account }에 { $resource } { $verb } 권한 없음
cause-job-failed = Job 실패
    .line = { $reason ->
            [BackoffLimitExceeded] Job 실패, 파드 { $failed }회 실패로 재시도 한도 초과
            [DeadlineExceeded] Job 실패, 제한 시간 초과
           *[other] Job 실패 ({ $reason })
        }
cause-cronjob-suspended = CronJob 일시 중지됨
    .line = CronJob 일시 중지로 예정 시간 경과 (마지막 실행 { $last })
cause-service-selector-mismatch = Service 셀렉터와 일치하는 파드 없음
    .line = 셀렉터 { $selector } 조건에 맞는 파드 없음 ({ $workload }의 레이블과 불일치)
cause-service-port-mapping-mismatch = Service 대상 포트 불일치
    .line = Service 포트 { $port }의 대상 포트 { $target } 불일치, 파드가 서비스하지 않는 포트
cause-service-protocol-mismatch = Service 프로토콜 불일치
    .line = Service 포트 { $port }의 대상 { $target }, { $protocol } 프로토콜 불일치
cause-service-env-var-address-mismatch = 환경 변수의 서비스 주소 오류
    .line = 환경 변수 { $variable }의 주소에 해당하는 Service 없음 ({ $meant } 오기로 추정)
    .line2 = 환경 변수 { $variable }의 주소에 해당하는 Service 없음
cause-gateway-misroute = 게이트웨이 라우팅 오류
    .line = 게이트웨이 라우팅 오류, { $path } 요청의 대상이 { $target } (정상 대상 { $meant })
cause-service-dns-resolution-failure = 서비스 DNS 조회 실패
    .line = 파드의 DNS 조회 실패
cause-network-policy-blocked = NetworkPolicy에 의한 트래픽 차단
    .line = { $direction ->
            [egress] 송신
           *[ingress] 수신
        } 규칙이 { $caller } → { $service } 호출 차단
cause-ingress-misconfigured = Ingress 설정 오류
    .line = Ingress 백엔드 오류, Service { $service }에 포트 { $port } 없음
    .line2 = Ingress 백엔드 오류, Service { $service } 없음
    .line3 = 컨트롤러가 Ingress 설정 거부
cause-pod-cpu-overload = 파드 CPU 과부하
    .line = 파드 CPU 사용량 한계 도달
cause-pod-network-delay = 파드 네트워크 지연
    .line = 네트워크 지연, CPU 사용 증가 없이 응답만 느려짐
cause-node-cpu-overload = 노드 CPU 과부하
    .line = 노드 CPU 여유 없음
cause-noisy-neighbour = 같은 노드의 다른 파드가 자원 점유
    .line = 노드 { $node }의 CPU 과점유, 같은 노드의 파드에 영향
cause-containerd-unavailable = 노드의 containerd 중단
    .line = 노드의 containerd 중단, 컨테이너 기동 불가
cause-kubelet-unavailable = kubelet 응답 없음
    .line = 노드의 kubelet 상태 보고 중단
cause-kube-proxy-unavailable = 노드의 kube-proxy 중단
    .line = 노드의 kube-proxy 중단, 노드에서 Service 접근 불가
cause-kube-scheduler-unavailable = kube-scheduler 중단
    .line = kube-scheduler 중단, 새 파드 Pending 지속
cause-node-network-delay = 노드 네트워크 지연
    .line = 노드 네트워크 지연 발생
cause-node-network-packet-loss = 노드 네트워크 패킷 손실
    .line = 노드 네트워크 패킷 손실 발생
cause-node-not-ready = 노드 NotReady
    .line = 노드 NotReady ({ $reason })
    .line2 = 노드 NotReady
cause-node-disk-pressure = 노드 디스크 부족
    .line = 노드 디스크 부족, 파드 축출 발생
cause-node-memory-pressure = 노드 메모리 부족
    .line = 노드 메모리 부족, 파드 축출 발생
cause-coredns-unavailable = CoreDNS 응답 없음
    .line = 클러스터 DNS 응답 없음, Ready 상태의 CoreDNS 파드 없음
cause-zone-degraded = 가용 영역 성능 저하
    .line = 가용 영역 { $zone } 장애, 노드 { $all }대 중 { $down }대 NotReady
    .line2 = 가용 영역 { $zone } 장애
cause-ip-exhaustion = 서브넷 IP 고갈
    .line = 서브넷 IP 고갈, 새 파드에 할당할 주소 없음
cause-hpa-cannot-scale = HPA 스케일링 불가
    .line = HPA 스케일링 불가 ({ $reason })
    .line2 = HPA 스케일링 불가
cause-hpa-at-maximum = HPA 최대 레플리카 도달
    .line = HPA 최대 레플리카 { $maximum }개 도달
cause-pdb-blocks-eviction = PDB로 인해 축출 불가
    .line = PDB가 허용하는 중단 파드 수 0, 축출 대기
cause-nodepool-limit-reached = NodePool 한도 도달
    .line = NodePool 한도 도달, 노드 추가 불가
cause-spot-interruption = 스팟 인스턴스 회수
    .line = 스팟 인스턴스 회수로 노드 종료
