## Asking
ask-reading = Reading { $cluster } for { $what } …
ask-reading-question = Looking at { $cluster } …
ask-refused = You need the role { $role } for this.
ask-refused-in = You need the role { $role } in namespace { $namespace } for this.
ask-refused-help = Roles are granted in Nightshift's settings file (roles:), to people and to user groups.
ask-unidentified = Slack did not say which user groups you are in, so your roles are not known. Try again in a minute.
ask-no-cluster = No cluster is configured.
ask-no-cluster-help = Set NIGHTSHIFT_CLUSTERS, or clusters: in the file of NIGHTSHIFT_CONFIG.
ask-unknown-cluster = This cluster is not configured. Those that are:
ask-unreachable = { $cluster } cannot be read
ask-not-read = Not read
ask-unknown = unknown
ask-unknown-command = { $command } is not known. What there is:
ask-again = Sent again: Slack did not confirm the first answer, which may stand above.
ask-help = What can be asked:

## Roles
role-viewer = viewer
role-operator = operator
role-approver = approver

## Help
help-health = nodes, pods, CPU, memory, disk, network and alarms of the cluster
help-service-status = replicas, pods, restarts, nodes and versions of a service
help-net-check = whether services, the database, the bucket and the table can be reached
help-events = the ten latest events; add a namespace, or “warning”
help-logs = the last 20 lines of a service's newest pod

## /health
label-nodes = Nodes
label-pods = Pods
label-cpu = CPU
label-memory = Memory
label-disk = Disk
label-network = Network
label-alarms = Active alarms
health-nodes-not-ready = { $count ->
    [one] 1 node not ready
   *[other] { $count } nodes not ready
}
health-pods-error = { $count ->
    [one] 1 pod in error
   *[other] { $count } pods in error
}
health-pods-pending = { $count ->
    [one] 1 pod pending
   *[other] { $count } pods pending
}
health-alarms-active = { $count ->
    [one] 1 alarm active
   *[other] { $count } alarms active
}
health-all-well = all well
health-not-all-known = not everything could be read
health-cordoned = { $count } cordoned
health-no-prometheus = PROMETHEUS_URL is not set
health-disk = read { $first } MB/s · write { $second } MB/s
health-network = in { $first } MB/s · out { $second } MB/s
health-no-alarms = none

## Choosing a service
choose-service = Which service?
choose-not-found = “{ $asked }” is no service, or several. Which one?
choose-placeholder = Choose a service
choose-none = There is no service to choose from.
choose-no-deployments = There is no Deployment in namespace { $namespace }.
choose-none-help = Name services in Nightshift's settings file (services:), or set K8S_NAMESPACE.

## /service-status
status-ready = { $name }: { $ready }/{ $wanted } ready
status-unread = { $name }: cannot be read
status-absent = { $name }: there is no { $kind } of this name
status-updated = { $count } of { $of } on the latest version
status-no-pods = No pods.
status-no-node = no node
status-not-ready = not ready
status-restarts = { $count ->
    [one] 1 restart
   *[other] { $count } restarts
}
status-age = { $age } old
status-last-ended = last ended: { $how }

## /logs
logs-previous = before the last restart
logs-empty = The log is empty.
logs-none = No log: { $why }

## /events
events-latest = { $cluster }: the latest { $shown } of { $count } events
events-none = { $cluster }: no events
events-unread = { $cluster }: events cannot be read
events-time = Time
events-reason = Reason
events-object = Object
events-message = Message

## /net-check
net-headline = { $cluster }: { $critical } Critical, { $warning } Warning, { $ok } OK
net-pods = { $ready }/{ $wanted } pods ready
net-service = Service { $names }
net-endpoints = { $count ->
    [one] 1 endpoint
   *[other] { $count } endpoints
}
net-endpoints-not-ready = { $count } not ready
net-reached = { $reached } of { $tried } pod addresses reached
net-no-workload = there is no such workload
net-none-ready = no pod is ready
net-no-endpoints = no endpoint takes traffic
net-some-not-ready = some pods are not ready
net-no-service = no Service selects its pods
net-scaled-to-zero = scaled to zero
net-not-reached = pod addresses not reached from here (is the function in the VPC?)
net-port-refused = pods refuse connections at their port
net-not-configured = not configured
net-no-tls = no TLS offered
net-tls-unknown = connected; whether TLS is offered is not known

## Questions
question-not-understood = I cannot answer this by rules alone.
question-can-ask = What I can answer: how is SERVICE, why is SERVICE pending or crashing, what is OOMing, which nodes are hot, can A reach B, what changed recently.
question-needs-agent = Other questions need a Bedrock agent (BEDROCK_ANALYSIS_AGENT_ID).
question-needs-more = The data for this question is missing.
question-needs-cost = Costs and what Spot would save need a Bedrock agent (BEDROCK_ANALYSIS_AGENT_ID) with access to cost data.
question-answered = What was found
question-nothing-wrong = { $name }: nothing wrong was found
question-trouble = { $cluster }: what is not as it should be
question-out-of-memory = { $count ->
    [0] No container was killed for memory
    [one] 1 container was killed for memory
   *[other] { $count } containers were killed for memory
}
question-oom = { $name }: OOMKilled at its limit of { $limit }, { $count } restarts
question-oom-no-limit = { $name }: OOMKilled without a limit of its own, { $count } restarts
question-hot-nodes = { $cluster }: the fullest nodes
question-node = { $name }: CPU { $cpu } %, memory { $memory } %
question-changes = { $cluster }: what changed in the last six hours
question-reach = From { $from } to { $to }
question-endpoints = { $name }: { $count } addresses take traffic, ports { $ports }
question-no-service = No Service selects the pods of { $name }
question-policy = { $name } binds its pods: what it does not allow is blocked
question-nothing = Nothing found.

## The agent's part
agent-looking = The agent is looking further
look-list = { $kind } in { $namespace }
look-all = { $kind } of the cluster
look-log = log of { $object }
look-metrics = metrics of { $object }
look-incidents = earlier incidents
agent-nothing = The agent has nothing to add that evidence supports.
agent-stopped = { $count ->
    [one] 1 statement of the agent did not pass the checks and is not shown.
   *[other] { $count } statements of the agent did not pass the checks and are not shown.
}
agent-throttled = Bedrock is throttling the agent: this is what the rules say. Ask again in a minute.
agent-absent = The Bedrock agent cannot be reached (BEDROCK_ANALYSIS_AGENT_ID, its alias, or the right to invoke it): this is what the rules say.
agent-slow = The Bedrock agent did not answer in time: this is what the rules say.
agent-failed = The Bedrock agent failed: this is what the rules say.
source-log = log
source-metric = metrics
source-status = current state
source-incidents = earlier incidents
source-cluster = cluster
