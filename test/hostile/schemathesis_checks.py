"""What every answer must be, beside no server error: a 422 lists issues as fal's clients read them."""

import schemathesis


@schemathesis.check
def issues_are_well_formed(ctx, response, case):
    if response.status_code != 422:
        return
    detail = response.json().get("detail")
    assert isinstance(detail, list) and detail, f"no list of issues: {detail!r}"
    for issue in detail:
        location = issue.get("loc")
        assert isinstance(location, list) and location, f"no location: {issue!r}"
        assert all(isinstance(key, (str, int)) for key in location), f"a location of other things: {issue!r}"
        assert isinstance(issue.get("msg"), str) and issue["msg"], f"no message: {issue!r}"
        assert isinstance(issue.get("type"), str) and issue["type"], f"no type: {issue!r}"
