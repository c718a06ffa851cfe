## What is to be done. $object is namespace/name.
do-restart-pod = Restart pod { $object }
do-restart-rollout = Restart all pods of { $object }
do-roll-back = Roll back { $object } to revision { $to }
do-scale = Scale { $object } to { $to }
do-adjust-hpa = Change the bounds of autoscaler { $object } ({ $to })
do-resize = Resize { $object } in place ({ $to })
do-cordon = Cordon node { $object }
do-uncordon = Uncordon node { $object }
do-drain = Drain node { $object }
do-isolate = Isolate node { $object } (new pods stay off, nothing on it is touched)
do-taint = Taint node { $object } ({ $to })
do-untaint = Take taint { $to } off node { $object }
do-set-node-pool-limits = Change the limits of NodePool { $object } ({ $to })
do-zonal-shift = Leave zone { $to }

## Headlines by stage. $do is one of the lines above.
case-asked = { $do }?
case-waiting = Waits: { $do }
case-needs-review = Needs review: { $do }
case-denied = Denied: { $do }
case-expired = Nobody agreed in time: { $do }
case-overtaken = Overtaken: { $do }
case-dry-run-refused = Refused by the API server: { $do }
case-changing = On its way: { $do }
case-watching = Done, recovery is watched: { $do }
case-undoing = Being taken back: { $do }
case-recovered = Recovered: { $do }
case-not-recovered = Done, but not recovered: { $do }
case-worse = Done, but worse: { $do }
case-undone = Taken back: { $do }
case-failed = Not carried out: { $do }

## Labels
label-reason = Why
label-changes = Changes
label-risk = Risk
label-reach = Reaches
label-way-back = Way back
label-approval = Approval
label-history = So far

## Sentences
risk-line = { $level } ({ $score } of 100): { $reasons }
risk-why-action = the action itself
risk-why-share = { $value } % of the ready pods at once
risk-why-stateful = { $value }
risk-why-data = possible data loss ({ $value })
risk-why-headroom = budget { $value } lets no pod go
risk-why-environment = { $value }
risk-why-hours = outside of working hours
risk-why-confidence = cause { $value } % certain
risk-why-no-undo = no way back
risk-why-rollout = { $value } is being rolled out
risk-why-unproven = it is not shown that the other zones can carry it
risk-why-last-zone = only { $value } remains
risk-why-concentrated = most of { $value } is there
reach-line = { $pods } of { $replicas } pods, { $share } % at once
reach-none-serving = none of them ready now
reach-none = no pod is replaced
reach-budget = budget { $budget } lets { $allowed } go
way-back-none = none: { $why }
way-back-except = ({ $why })
approval-one = one approver, until { $until }
approval-two = two different approvers, until { $until }
approval-missing = { $count ->
    [one] 1 more has to agree
   *[other] { $count } more have to agree
}
approved-by = approved by { $who }
approved-by-setting = runs by itself by { $who }
denied-by = denied by { $who }: { $why }
asks-again = The object has changed since: please look again.
refused-by = refused by { $who }
not-an-approver = You may not approve actions here. It takes the role approver (roles in NIGHTSHIFT_CONFIG).
not-the-requester = Who asked for an action cannot approve it.
too-late = Too late: { $state }.
diff-more = … { $count } more
recovered-after = recovered { $time } after the change
undone-by = taken back by { $who }
undone-worse = taken back because it got worse: { $why }
undone-because = ended: { $why }
recovered-zone = the zone is well again after { $time }
stage-gone = the action is not kept any more
stage-expired = nobody agreed in time
stage-denied = somebody has denied it
stage-overtaken = the object has changed since
stage-dry-run-refused = the API server has refused it
stage-needs-review = a policy has refused it
stage-proposed = it is not asked for yet
stage-asked = it waits for approval
stage-changing = it is on its way
stage-watching = it is done, and watched
stage-undoing = it is being taken back
stage-done = it is done
stage-undone = it was taken back
stage-failed = it has failed

## Buttons
button-approve = Approve
button-undo = Take it back
menu-deny = Deny …
deny-wrong-cause = The cause is wrong
deny-not-now = Not now
deny-by-hand = I do it myself
deny-too-risky = Too risky
deny-own-words = In my own words …
deny-no-reason = no reason given

## The dialog in which somebody says why; title and buttons are of 24 characters at most
dialog-title = Deny this action
dialog-submit = Deny
dialog-close = Cancel
dialog-reason = Why not?
dialog-reason-hint = What is wrong with it, or what should be done instead
dialog-not-opened = Slack did not open the dialog in time. Nothing is denied yet: choose again, or take one of the other reasons of the menu.

## Preconditions that do not hold. $object is Kind namespace/name.
unmet-missing = { $object } does not exist
unmet-replaced = { $object } is not the one that was meant: it was made anew
unmet-already-so = { $object } is as asked for already
unmet-wrong-kind = { $to } cannot be changed so
unmet-unowned = { $object } belongs to no controller and would not come back
unmet-no-revision = { $object } has no revision { $to } any more
unmet-paused = { $object } is paused; resume it first
unmet-under-autoscaler = { $object } is scaled by autoscaler { $to }: raise its minReplicas instead
unmet-out-of-bounds = { $to }
unmet-memory-lowered = memory of container { $to } is not lowered in place: the kernel would kill it where it uses more
unmet-qos-changed = the QoS class would change ({ $to }), which the API refuses in place
unmet-no-container = { $object } has no container { $to }
unmet-unread = { $to } could not be read, so nothing is done
unmet-not-wanted = zone { $to } is not to be left any more
unmet-not-managed = zonal shift is not enabled for { $to }; enable it in its EKS or load balancer settings
unmet-shift-stands = { $to }
unmet-in-flight = { $to } is on its way
unmet-no-room = the other zones cannot carry it: { $to }
