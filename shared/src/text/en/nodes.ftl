## What ails a node, as the rest of a sentence.
node-sign-failing = { $condition } has failed for { $minutes } min ({ $reason })
node-sign-flapping = { $condition } changed { $changes } times in { $within } min
node-sign-events = { $what }, { $times } times in { $within } min ({ $reason })
node-sign-disk = the disk is { $percent } % full and grows { $rate } % an hour: { $threshold } % in { $hours } h
node-sign-restarts = { $here } pods of { $workloads } workloads restarted here, { $expected } would be like elsewhere
node-event-kernel = the kernel hangs or fails
node-event-system-oom = the system itself ran out of memory
node-event-reboot = it was rebooted
node-event-kubelet-restart = the kubelet started anew
node-event-runtime-restart = the container runtime started anew or does not answer
node-event-filesystem = the filesystem fails or is read-only
node-event-disk-space = no disk space could be freed
node-event-accelerator = an accelerator reports errors
node-reason-well = nothing has ailed the node for { $minutes } min

## Headlines
node-ails = { $node }: { $sign }
node-many = { $count } of { $of } nodes: { $sign }
node-well = { $node }: well again for { $minutes } min
node-gone = { $node }: the node is no more

## Labels
node-label-more = Also
node-label-which = Which
node-label-then = Then
node-label-look = Look
node-since = since { $time }

## What follows
node-then-watch = Not enough for a taint; it is watched.
node-then-taint-observe = It should take no new pods. Nothing is proposed: nodes.mode is observe.
node-then-taint-ask = A taint that keeps new pods off is proposed below; what runs there stays.
node-then-taint-automatic = It is tainted, so that new pods stay off; what runs there stays. Where a policy or the risk forbids that, it is asked below.
node-then-untaint-observe = Its taint may go. Nothing is proposed: nodes.mode is observe.
node-then-untaint-ask = That its taint is taken off is proposed below.
node-then-untaint-automatic = Its taint is taken off.
node-again = ({ $count }. time: nobody agreed before.)
node-held-share = Not tainted: { $tainted } nodes are or will be, { $most } may be at once (nodes.share_percent).
node-held-pool = Not tainted: no other node of pool { $pool } takes pods.
node-held-zone = Not tainted: no other node of zone { $zone } takes pods.
node-held-kept-off = Kubernetes keeps new pods off it by a taint of its own.
node-held-overruled = Not tainted again: somebody took the taint off by hand.
node-held-common = So many at once are not ill by themselves: look for what they share (a rollout of an agent, the network, an AMI). None is tainted.

## Findings of GuardDuty
finding-headline = { $where }: { $what }
finding-sample = [sample finding] { $where }: { $what }
finding-label-what = Found
finding-label-where = Where
finding-label-process = Process
finding-severity = { $level } ({ $score })
finding-low = low
finding-medium = medium
finding-high = high
finding-critical = critical
finding-seen = { $count } times, { $first } to { $last }
finding-then-observe = The node should be isolated. Nothing is proposed: guardduty.mode is observe.
finding-then-ask = Isolating the node is proposed below: no new pods, and nothing on it is touched, so that the evidence stays.
finding-then-automatic = The node is isolated: no new pods, and nothing on it is touched, so that the evidence stays. Where a policy or the risk forbids that, it is asked below.
finding-then-isolated = The node is isolated. Anything more is yours: draining it is asked below, and ends what runs there.
finding-then-no-node = It names no node that is there now: nothing is isolated. Look for what it names.
finding-then-elsewhere = It is in none of the clusters that Nightshift knows: nothing is isolated. Add the cluster to NIGHTSHIFT_CLUSTERS if it is yours.
finding-then-unread = The cluster could not be read, so its node is not known yet; it is looked for every minute ({ $why }).
