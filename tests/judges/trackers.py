"""PyGithub and the Python client of Jira as outside judges of sim's trackers, and of what Nightshift does there.

`trackers.py github|jira open` reads the open ticket of Nightshift, opens one of its own with the mark `inc-judge`, comments on it
and finds both. `trackers.py github|jira closed` reads both after Nightshift has closed them, opens its own again and closes
it. Ends with an exception at the first thing that is not as the tracker has it.
"""

import datetime
import os
import sys

URL, TOKEN = os.environ["TRACKER_URL"], os.environ["TRACKER_TOKEN"]
PLACE = os.environ["TRACKER_PLACE"]
MARKER = "inc-judge"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(error, status, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error as refusal:
        got = getattr(refusal, "status", None) or getattr(refusal, "status_code", None)
        check(got == status, f"{status} expected: {refusal}")
    else:
        raise AssertionError(f"{status} expected, and the call succeeded")


class GitHub:
    mark = f"<!-- nightshift {MARKER} -->"

    def __init__(self):
        from github import Auth, Github, GithubException

        self.error = GithubException
        connect = lambda token, per_page=30: Github(  # noqa: E731
            auth=Auth.Token(token), base_url=URL.rstrip("/"), retry=None, per_page=per_page, seconds_between_requests=None,
            seconds_between_writes=None)
        self.repository = connect(TOKEN).get_repo(PLACE)
        self.small = connect(TOKEN, 2).get_repo(PLACE)
        refused(GithubException, 401, connect("wrong").get_repo, PLACE)
        refused(GithubException, 404, connect(TOKEN).get_repo, "example/other")

    def ours(self):
        return self.repository.get_issue(1)

    def own(self):
        everything = self.repository.get_issues(state="all", sort="created", direction="desc",
                                                since=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc))
        found = [issue for issue in everything if self.mark in (issue.body or "")]
        check(len(found) == 1, f"one issue with the mark: {found}")
        return found[0]

    def open(self):
        issue = self.ours()
        check((issue.state, issue.closed_at, issue.comments) == ("open", None, 0), issue.raw_data)
        check([label.name for label in issue.labels] == ["nightshift"], issue.labels)
        check("payments/api" in issue.title and "<!-- nightshift inc-" in issue.body, issue.raw_data)
        check(issue.html_url.endswith(f"{PLACE}/issues/1"), issue.html_url)
        mine = self.repository.create_issue("judged", body=f"by a judge\n\n{self.mark}", labels=["nightshift"])
        check((mine.number, mine.state, mine.body.splitlines()[0]) == (2, "open", "by a judge"), mine.raw_data)
        check(mine.created_at.tzinfo is not None and mine.updated_at >= mine.created_at, mine.raw_data)
        comment = mine.create_comment("first")
        check(comment.body == "first" and comment.html_url.startswith(mine.html_url), comment.raw_data)
        check([said.body for said in self.own().get_comments()] == ["first"], "the comment is read again")
        refused(self.error, 422, self.repository.create_issue, " ")
        refused(self.error, 404, self.repository.get_issue, 77)
        mine.edit(title="judged again")
        check(self.repository.get_issue(2).title == "judged again", "the title is changed")
        for number in range(3):
            self.repository.create_issue(f"other {number}")
        listed = [issue.number for issue in self.small.get_issues(sort="created", direction="asc")]
        check(listed == [1, 2, 3, 4, 5], f"every page of the open ones: {listed}")
        late = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
        check(not list(self.repository.get_issues(state="all", since=late)), "nothing is changed that late")
        for _ in range(3):
            mine.create_comment("more")
        check(len(list(self.small.get_issue(2).get_comments())) == 4, "every page of comments")
        return "opened, found, commented on and listed by pages"

    def closed(self):
        for issue, comments in ((self.ours(), 1), (self.own(), 5)):
            check((issue.state, issue.state_reason) == ("closed", "completed"), issue.raw_data)
            check(issue.closed_at is not None and issue.comments == comments, issue.raw_data)
        check("nightshift" in list(self.own().get_comments())[-1].body, "the note carries its mark")
        check({issue.number for issue in self.repository.get_issues(state="closed")} == {1, 2}, "two are closed")
        mine = self.own()
        mine.edit(state="open")
        check(self.own().state == "open", "it is open again")
        mine.edit(state="closed", state_reason="completed")
        check(self.own().state == "closed", "and closed again")
        refused(self.error, 422, mine.edit, state="gone")
        return "read as closed, opened again and closed"


class Jira:
    def __init__(self):
        from jira import JIRA
        from jira.exceptions import JIRAError

        self.error = JIRAError
        user = os.environ["TRACKER_USER"]
        connect = lambda token: JIRA(URL.rstrip("/"), basic_auth=(user, token), max_retries=0,  # noqa: E731
                                     options={"rest_api_version": "3", "check_update": False})
        self.jira = connect(TOKEN)
        check(self.jira._is_cloud, "a Cloud site")
        refused(JIRAError, 401, connect, "wrong")

    @staticmethod
    def document(text):
        return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}

    def own(self):
        found = self.jira.enhanced_search_issues(f'project = "{PLACE}" AND labels = "{MARKER}"', use_post=True)
        check(len(found) == 1, f"one issue with the label: {found}")
        return found[0]

    def open(self):
        issue = self.jira.issue(f"{PLACE}-1")
        check(issue.fields.status.statusCategory.key == "new", issue.raw)
        check("payments/api" in issue.fields.summary and issue.fields.labels[0] == "nightshift", issue.raw)
        label = issue.fields.labels[1]
        check(label.startswith("inc-") and label in str(issue.raw["fields"]["description"]), issue.raw)
        fields = {"project": {"key": PLACE}, "issuetype": {"name": "Task"}, "summary": "judged",
                  "description": self.document("by a judge"), "labels": ["nightshift", MARKER]}
        mine = self.jira.create_issue(fields=fields)
        check((mine.key, mine.fields.summary) == (f"{PLACE}-2", "judged"), mine.raw)
        self.jira.add_comment(mine, self.document("first"))
        said = self.jira.comments(mine, order_by="-created", max_results=100)
        check([comment.raw["body"] for comment in said] == [self.document("first")], said)
        check(self.own().key == mine.key, "found by its label")
        self.jira.issue(mine.id).update(fields={"summary": "judged again"})
        check(self.own().fields.summary == "judged again", "the summary is changed")
        bad = lambda **changed: self.jira.create_issue(fields={**fields, **changed})  # noqa: E731
        refused(self.error, 400, bad, summary="two\nlines")
        refused(self.error, 400, bad, description="no document")
        refused(self.error, 400, bad, project={"key": "NONE"})
        refused(self.error, 400, bad, labels=["with space"])
        refused(self.error, 400, self.jira.enhanced_search_issues, "ORDER BY created", use_post=True)
        refused(self.error, 404, self.jira.issue, f"{PLACE}-77")
        for number in range(3):
            self.jira.create_issue(fields={**fields, "labels": ["other"], "summary": f"other {number}"})
        pages = self.jira.enhanced_search_issues(f'project = "{PLACE}"', maxResults=False, use_post=True)
        check({issue.key for issue in pages} == {f"{PLACE}-{n}" for n in range(1, 6)}, "every page")
        return "opened, found by JQL, commented on and listed by pages"

    def closed(self):
        for issue, comments in ((self.jira.issue(f"{PLACE}-1"), 1), (self.own(), 2)):
            check(issue.fields.status.statusCategory.key == "done" and issue.fields.resolution is not None, issue.raw)
            check(len(self.jira.comments(issue)) == comments, issue.raw)
            only = self.jira.issue(issue.key, fields="status").raw["fields"]
            check(list(only) == ["status"], f"the one field that was asked for: {only}")
        mine = self.own()
        ways = {way["to"]["statusCategory"]["key"]: way["id"] for way in self.jira.transitions(mine)}
        self.jira.transition_issue(mine, ways["new"])
        check(self.own().fields.status.statusCategory.key == "new", "it is open again")
        self.jira.transition_issue(mine, "Done")
        check(self.own().fields.status.name == "Done", "and closed again")
        refused(self.error, 400, self.jira.transition_issue, mine, "99")
        done = self.jira.enhanced_search_issues(f'project = "{PLACE}" AND statusCategory = "Done"', use_post=True)
        check(sorted(issue.key for issue in done) == [f"{PLACE}-1", f"{PLACE}-2"], done)
        return "read as done, opened again and done again"


tracker, phase = sys.argv[1:]
print(f"{tracker}: {getattr({'github': GitHub, 'jira': Jira}[tracker](), phase)()}")
