## Buttons under a diagnosis
vote-right = 원인 맞음
vote-wrong = 원인 아님
# Shown to the one who pressed, with everybody's votes.
vote-noted-right = 기록 완료: 원인 맞음. 현재 투표: 맞음 { $right }, 아님 { $wrong }
vote-noted-wrong = 기록 완료: 원인 아님. 현재 투표: 맞음 { $right }, 아님 { $wrong }

## What helped before
# $do is an action, $ago and $took are durations.
helped-before = 지난 조치 ({ $ago } 전): { $do }, { $took } 만에 복구

## Tickets
ticket-opened = 티켓
ticket-thread = Slack 인시던트 스레드
# Said on the ticket when it is closed.
ticket-resolved = 이 인시던트의 모든 알람이 정상으로 돌아왔습니다.
# The label of the cause on a ticket, and what people say of it.
ticket-cause = 원인
ticket-doubted = 원인이 아니라는 의견이 많습니다 (아님 { $wrong }, 맞음 { $right }). 추가 확인이 필요합니다.
ticket-confirmed = 다시 원인이 맞다는 의견이 많습니다 (맞음 { $right }, 아님 { $wrong }).
