## Labels of a message's parts
label-affects = Affects
label-why = Why
label-look = Look
label-proposed = Proposed
label-ruled-out = Ruled out
label-timeline = Timeline
label-hypotheses = Hypotheses
label-evidence = Evidence
label-missing = Not known
label-similar = Seen before
label-agent = Further investigation
label-alarm = Alarm

## Headlines
# $what is the cause's line, object first.
headline-cause = { $what }
# An alert of Alertmanager or Grafana keeps its name in front.
headline-alert = { $alarm }: { $what }
headline-inconclusive = { $alarm }: something is wrong, the evidence does not say what
headline-healthy = { $alarm }: the cluster shows nothing wrong
headline-unreachable = { $alarm }: cluster { $cluster } could not be read
headline-unknown-cluster = { $alarm }: the alarm belongs to no configured cluster
headline-resolved = Resolved: { $what }
# Nobody said that it is over: its alarms lost their data, or its alerts are no longer repeated.
headline-faded = Closed without an all-clear: { $what }

## Sentences
alarm-datapoint = { $value } (threshold { $threshold })
joined-alarms = { $count ->
    [one] 1 more alarm joined
   *[other] { $count } more alarms joined
}
resolved-note = All alarms of this incident are back to OK. It lasted { $duration }.
faded-note = No alarm of this incident is on any more, but some have had no data for hours. It is closed; nothing has said that all is well.
unreported-note = Its sender has not repeated this alert for { $duration }: it was silenced there, or its rule is gone. The incident is closed; nothing has said that all is well. If the alert is sent again, it opens a new one.
alarm-ok-note = { $alarm } is back to OK; { $open ->
    [one] 1 alarm of this incident is still on
   *[other] { $open } alarms of this incident are still on
}.
insufficient-note = { $alarm } has too little data to tell ({ $time }).
unreachable-why = Nightshift could not read the cluster, so this is what the alarm itself says. Reason: { $reason }
unknown-cluster = The alarm (dimension ClusterName, label cluster) names none of the configured clusters. Add its cluster to NIGHTSHIFT_CLUSTERS.
healthy-why = Pods, nodes and recent changes were read; none explains the alarm. It may be about something outside the cluster, or already over.
inconclusive-why = What was read of the cluster does not single out a cause.
permission-missing = Missing permission: { $what }
seen-before = { $when } { $what }
confidence = { $percent } % sure
action-line = { $action } ({ $risk } risk)
suppressed-note = CloudWatch suppresses this alarm's actions ({ $by }).
more = and { $count } more
usual = usually { $value }
link-cloudwatch = CloudWatch
link-grafana = Grafana
link-grafana-alert = Grafana alert
link-prometheus = Prometheus
link-runbook = Runbook
agent-source = Bedrock agent, checked against the evidence

## Verdict of a hypothesis
hypothesis-confirmed = confirmed
hypothesis-rejected = rejected
hypothesis-follows = follows from it

## Risk
risk-low = low
risk-medium = medium
risk-high = high

## Actions
action-rollback = Roll back
action-restart-pod = Restart the pod
action-restart-rollout = Restart the rollout
action-scale = Scale
action-adjust-hpa = Adjust the autoscaler's bounds
action-resize = Change requests or limits
action-cordon = Cordon the node
action-uncordon = Uncordon the node
action-drain = Drain the node
action-taint = Taint the node
action-untaint = Remove the taint
action-zonal-shift = Shift traffic out of the zone
action-node-pool-limit = Raise the NodePool's limit
action-manual = Change by hand
