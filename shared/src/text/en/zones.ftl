## Zones. Headlines: $zone is the zone, $times how many times as bad.
zone-headline-faults = { $zone } fails { $times } times as often as the other zones
zone-headline-latency = { $zone } is { $times } times as slow as the other zones
zone-headline-both = { $zone } fails { $times } times as often and is { $slower } times as slow as the other zones
zone-headline-others = { $zone } is worse than usual, and so is another zone: not a zonal fault
zone-headline-silent = Nothing is heard of { $zone }
zone-headline-over = All clear: { $zone } is well
zone-headline-heard = All clear: { $zone } is heard of again
zone-headline-trial = On trial: traffic returns to { $zone }, nothing could be heard of it
zone-headline-new-normal = { $zone } has been so for so long that it counts as usual now: traffic returns
zone-headline-soon = { $zone }: latency is expected at twice its usual at { $time }
zone-headline-not-soon = { $zone }: latency is not expected to double any more
zone-all = All zones

## Labels
zone-label-seen = Seen
zone-label-but = But
zone-label-done = Done
zone-label-course = Course

## What is seen
zone-faults = { $percent } % of requests fail (other zones { $others } %, usually { $usual } %): { $faults } of { $requests } in { $minutes } min
zone-latency = { $latency } ms latency (usually { $usual } ms), { $times } times what the other zones say
zone-performs = performs { $percent } % below its baseline
zone-witness = also said by: { $what }
zone-witness-instances = more than one instance
zone-witness-workloads = more than one workload
zone-witness-second-signal = faults and latency both
zone-witness-probes = probes
zone-witness-packets = packets sent again
zone-witness-aws = AWS
zone-missing = no data of { $zones }
zone-soon = { $latency } ms latency (usually { $usual } ms), rising by { $percent } % an hour
zone-growth = demand: up to { $percent } % more than now expected until { $until }, as usual at this time
zone-growth-none = demand: no more than now expected until { $until }
zone-growth-unknown = demand until { $until } is not known yet (under a day of history): { $percent } % more is reckoned with

## Why it is not left
zone-but-early = not so bad or so certain yet that it has to be left
zone-but-hardly-known = what is usual of it is not known yet
zone-but-little-traffic = too little traffic to judge by
zone-but-few-faults = too few faults to judge by
zone-but-others = another zone is worse than usual as well
zone-but-alone = nothing else says so: one instance may be sick
zone-but-another = another zone is left already, and two never are at once
zone-but-silent = what is not heard of is not known to be well, nor to be bad
zone-but-soon = it is foreseen, not seen: nothing fails, and the rise may end

## What was done
zone-do-watch = nothing; it is watched
zone-do-observe = nothing (mode observe). In mode ask a zonal shift away from { $zone } would be proposed now
zone-do-proposed = zonal shift away from { $zone } proposed; press Approve in this thread
zone-do-begins = zonal shift away from { $zone } begins
zone-do-waits = zonal shift away from { $zone } waits for what does not hold yet, see this thread
zone-do-stands = traffic is shifted away from { $zone } since { $since }, until { $until } unless it is extended
zone-do-denied = nothing: the shift was denied
zone-do-expired = nothing: nobody approved the shift in time
zone-do-not = nothing: the shift could not be carried out, see this thread
zone-do-ended = traffic returns to { $zone }

## How it went
zone-course-since = since { $time }
zone-course-left = to be left since { $time }
zone-course-extended = extended { $count ->
    [one] once
   *[other] { $count } times
}
zone-course-over = over at { $time }, after { $duration }

## The chart
zone-chart-title = { $zone } and the other zones
