//! The words that advice is known by, in English and Korean.

/// Verbs of change. With their forms: `delete`, `deletes`, `deleted`, `deleting`, `deletion`.
pub(super) const CHANGES: &str = "
delete deletion scale drain reboot restart terminate termination kill evict eviction cordon uncordon remove removal
drop destroy wipe purge erase uninstall truncate rollback undo revert patch apply edit replace recreate redeploy
shutdown stop disable taint exec execute bounce recycle nuke force detach format reset flush clear modify overwrite
reinstall upgrade downgrade rotate grant escalate unmount halt suspend resize prune cleanup clean failover promote
increase decrease raise lower reduce bump power annihilate decommission deprovision abort pkill roll
double halve triple quadruple expand extend enlarge rewrite relax loosen tighten bypass override migrate relocate
ignore dismiss silence mute disregard snooze rebuild reprovision
";

/// Verbs that are harmless as description and never as an instruction.
pub(super) const INSTRUCTIONS: &str = "
approve click visit paste share upload send forward call contact open reply type copy download install ignore
disregard forget trust run use enter login submit post give provide tell add create set change switch turn put push
deploy get take bring move shift make go confirm print reveal repeat obey skip
";

/// Signs that a sentence advises, by word.
pub(super) const CUES: &str = "
should must recommend recommended recommends recommendation suggest suggested suggests advise advised advice advisable
please consider considering try ought you your let's lets immediately simply workaround mitigation mitigate remedy
solution remediation ensure proceed urgent urgently necessary needed needs need require requires required safe safely
best fastest quickest easiest fix fixes fixed resolve resolves solve solves cure operator engineer oncall on-call sre
admin instructions
option advisable worth worthwhile warranted appropriate sensible wise prudent way
";

/// Words after which a verb stands as an imperative, or in an intention.
pub(super) const BEFORE_IMPERATIVE: &str = "
and then or please now just simply immediately first also next finally instead otherwise so can could may might will
would shall to let us we i be gets quickly manually do always try step action fix solution answer remedy todo
";

/// What makes `to` part of a description: `failed to kill`.
pub(super) const ATTEMPTS: &str = "
failed fails failing unable attempted attempts tried tries trying refused refuses able waiting continues began started
starts about due forbidden cannot could not did does had
";

/// Words behind which the same letters are a noun: `a restart`, `the last rollback`.
pub(super) const DETERMINERS: &str = "
a an the last each every per no this that its first previous another of by with after since before on in from for any
second recent
";

/// Korean words for a change, as stems.
pub(super) const CHANGES_KO: &str = "
삭제 재시작 재기동 재부팅 종료 축소 확장 확대 스케일 롤백 드레인 강제 중지 중단 제거 초기화 비우 비워 죽이 죽여 죽일 내리 내려 올리 올려 늘리 늘려 줄이 줄여 변경 적용 수정 패치 실행 재배포 되돌리
되돌려 격리 코돈 정리 지우 지워 끄 꺼 날려 날리 교체 폐기 해제 차단 증설 감축 리부트 리스타트 딜리트 배포하 업그레이드 다운그레이드 껐다 없애 뽑 파기 비활성화 승격 조정 상향 하향 승인 무시 클릭 접속
붙여넣 공유 전달 입력 설치 추가 생성 부여 새로고침 갈아 밀어 재생성 퇴출 축출
";

/// Stems of actions that descriptions are full of; they need a clearer sign.
pub(super) const SOFT_KO: &str = "
실행 변경 적용 수정 확장 확대 정리 해제 차단 조정 공유 전달 입력 설치 추가 생성 부여 접속 무시 중단 배포하 내리 내려 올리 올려
";

/// Korean signs of advising.
pub(super) const CUES_KO: &[&str] = &[
    "필요",
    "좋다",
    "좋음",
    "할 수 있",
    "가능",
    "시키",
    "즉시",
    "당장",
    "바로",
    "시급",
    "해결책",
    "조치",
    "제안",
    "해 보",
    "해보",
    "진행",
    "한다",
    "고려",
    "검토",
    "담당자",
    "엔지니어",
    "운영자",
    "다시 ",
];

/// Korean signs that are clear by themselves.
pub(super) const CLEAR_KO: &[&str] = &[
    "하세요",
    "하십시오",
    "십시오",
    "세요",
    "하시기",
    "하시면",
    "해야",
    "어야",
    "아야",
    "여야",
    "해 주",
    "해주",
    "바랍니다",
    "바람",
    "권장",
    "권고",
    "추천",
    "하라",
    "할 것",
    "하자",
    "합시다",
    "좋습니다",
    "좋겠",
    "하는 것이 ",
    "하는 게",
    "요망",
    "면 된",
    "면 됨",
    "면 해결",
    "면 됩",
    "면 정상",
    "면 복구",
    "면 회복",
    "면 사라",
    "면 멈",
    "면 끝",
    "방안",
    "무방",
    "게 빠",
    "게 좋",
    "가장 빠",
    "빠를",
    "부탁",
    "라.",
    "라!",
    "시오",
    "ㅂ시다",
    "하도록",
    "필요함",
    "필요합",
    "이 필요",
    "가 필요",
    "만함",
    "만하다",
    "는 편이",
    "게 낫",
    "필수",
    "수밖에",
    "요청하",
    "요청드",
    "ㄱㄱ",
];

/// Talk of the product's own safeguards: no evidence speaks of them, and whoever does wants them out of the way.
pub(super) const SAFEGUARDS: &[&str] = &["approval", "approvals", "safeguard", "guardrail", "승인", "허가 없"];

/// Who is told to do something: `the log asks to run it`.
pub(super) const TELLING: &str = "asks asked tells told says said instructs instructed wants";

/// Words before a participle that make it advice: `wants replacing`.
pub(super) const DESERVES: &str = "wants deserves merits warrants needs calls worth by try start begin";

/// Changes in two words.
pub(super) const PHRASES: &[&str] = &[
    "take down",
    "taking down",
    "take offline",
    "taking offline",
    "take it offline",
    "bring down",
    "bringing down",
    "tear down",
    "tearing down",
    "get rid of",
    "getting rid of",
    "turn off",
    "turning off",
    "switch off",
    "switching off",
    "power off",
    "powering off",
    "power cycle",
    "power-cycle",
    "blow away",
    "knock out",
    "fail over",
    "shut down",
    "shutting down",
    "roll back",
    "rolling back",
    "spin up",
    "spin down",
    "free up",
    "start over",
    "way forward",
];

/// Instructions that are no nouns.
pub(super) const VERBS: &str =
    "give bring take make put set turn add switch use run tell visit click paste trust install contact confirm";

/// Words that make a compound of the word of change before them: `restart count`, `kill signal`, `scale target`, `drop rate`.
pub(super) const COMPOUNDS: &str = "
count counts signal policy loop target rate limit limits event events reason happened occurred was is at began
started backoff back-off in by revision request requests errors error timeout hook history times than from during
follows followed bound
";

/// Korean nouns of change that say what to do at the end of a sentence.
pub(super) const NOUNS_KO: &[&str] = &[
    "삭제",
    "재시작",
    "재기동",
    "재부팅",
    "롤백",
    "드레인",
    "중지",
    "제거",
    "초기화",
    "재배포",
    "교체",
    "강제 종료",
    "축소",
    "증설",
];

/// Korean endings of an imperative.
pub(super) const IMPERATIVES_KO: &[&str] =
    &["하라", "워라", "여라", "려라", "꺼라", "거라", "해라", "해", "하기", "할것", "ㄱㄱ"];
