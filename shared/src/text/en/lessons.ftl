## Buttons under a diagnosis
vote-right = Right cause
vote-wrong = Wrong cause
# Shown to the one who pressed, with everybody's votes.
vote-noted-right = Noted: the cause is right. Votes so far: { $right } right, { $wrong } wrong.
vote-noted-wrong = Noted: the cause is wrong. Votes so far: { $right } right, { $wrong } wrong.

## What helped before
# $do is an action, $ago and $took are durations.
helped-before = Last time, { $ago } ago: { $do }, recovered in { $took }

## Tickets
ticket-opened = Ticket
ticket-thread = The incident in Slack
# Said on the ticket when it is closed.
ticket-resolved = All alarms of this incident are back to OK.
# The label of the cause on a ticket, and what people say of it.
ticket-cause = Cause
ticket-doubted = People say that this is not the cause ({ $wrong } wrong, { $right } right): look further.
ticket-confirmed = People say that this is the cause after all ({ $right } right, { $wrong } wrong).
