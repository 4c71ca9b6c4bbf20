"""The one endpoint: what came in becomes a call, what comes of it an answer in the form that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from billtui.domain.policy import DEFAULT_POLICY
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.billmgr import access, encode, functions, quirks
from billtui.sandbox.billmgr.access import COOKIE, LANGUAGES, Who
from billtui.sandbox.billmgr.call import FUNCTIONS, Answer, Call, For, Function, How, keep_memory
from billtui.sandbox.billmgr.errors import Refused, missed, no_access, of_engine
from billtui.sandbox.billmgr.long_requests import LongRequests
from billtui.sandbox.billmgr.nodes import Doc, Raw
from billtui.sandbox.billmgr.pages import login_page, plain_page
from billtui.sandbox.billmgr.quirks import RENAMED, Quirk, Quirks, with_commas
from billtui.sandbox.billmgr.request import Form, UnreadableBody, read_form
from billtui.sandbox.engine import operations
from billtui.sandbox.engine.errors import EngineRefusal
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.http.calls import peer_of
from billtui.sandbox.http.dialects import LONG_REQUEST, Dialect
from billtui.sandbox.http.panel import Panel, panel_of
from billtui.sandbox.http.routing import serve

if TYPE_CHECKING:
    from collections.abc import Callable

PATHS = ("/billmgr", "/billmgr/", "/manager/billmgr")
SIGN_IN = "auth"
"""It looks at login and password by itself: who has a second factor to show cannot be told before."""
_LARGEST = 5 * DEFAULT_POLICY.attachment_bytes + 14 * 1024 * 1024
"""Of a body: a message as long as may be, with all its files (TKT-6)."""
_SECRET = frozenset(
    {"auth", "authinfo", "password", "passwd", "confirm", "old_passwd", "userpassword", "qrcode", "secret", "key"}
)
_NO_STORE = {"Cache-Control": "no-store"}
__all__ = ["FUNCTIONS", "PATHS", "dialect", "functions", "install"]


def dialect(panel: Panel) -> Dialect:
    """What the middleware has to know of it: faults are told from others by ``/billmgr/FUNCTION``."""

    def form_of(scope: Scope, body: bytes) -> Form:
        headers = Headers(scope=scope)
        try:
            return read_form(scope["query_string"].decode("latin-1"), headers.get("content-type", ""), body)
        except UnreadableBody:
            return Form()

    async def expire(scope: Scope, body: bytes) -> None:
        session = access.session_of(form_of(scope, body), Request(scope).cookies)

        def work() -> None:
            with panel.database.write() as tx:
                access.expire(tx, session)

        await panel.write(work)

    return Dialect(
        serves=lambda path: path in PATHS or path == "/",
        path_of=lambda scope, body: f"/billmgr/{form_of(scope, body).func}",
        expire_session=expire,
        largest_body=_LARGEST,
    )


def install(app: FastAPI) -> None:
    """Serve the dialect from ``app``."""
    app.state.billmgr_long = LongRequests()
    app.state.billmgr_quirks = frozenset()
    serve(app, router)
    serve(app, quirks.router)


router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "POST"])
async def root(request: Request) -> Response:
    """The dialect at the root, where a request can be told for one: it names a function."""
    form = await _form(request)
    if not form.func:
        raise HTTPException(404)
    return await _serve(request, form)


@router.get("/long/{ticket}/billmgr")
@router.get("/billmgr/long/{ticket}/billmgr")
@router.get("/manager/long/{ticket}/billmgr")
async def long_request(request: Request, ticket: str) -> Response:
    """What became of a request that took too long: the same page again, or its answer (wire: 2.3)."""
    long: LongRequests = request.app.state.billmgr_long
    return await long.look(ticket)


async def endpoint(request: Request) -> Response:
    """One call."""
    return await _serve(request, await _form(request))


for _path in PATHS:
    router.add_api_route(_path, endpoint, methods=["GET", "POST"])


async def _form(request: Request) -> Form:
    try:
        return read_form(request.url.query, request.headers.get("content-type", ""), await request.body())
    except UnreadableBody as error:
        raise HTTPException(400, str(error)) from error


async def _serve(request: Request, form: Form) -> Response:
    milliseconds = (request.scope.get("extensions") or {}).get(LONG_REQUEST)
    long: LongRequests = request.app.state.billmgr_long
    mark = (access.session_of(form, request.cookies) or form.get("authinfo"), tuple(sorted(form.values.items())))
    if long.at_work(mark):
        return _answer(form, Refused("err", "in_process", "Request in process, please wait").doc("en"), None)
    if milliseconds is not None:
        return long.begin(mark, milliseconds / 1000, lambda: _work(request, form))
    return await _work(request, form)


async def _work(request: Request, form: Form) -> Response:
    panel = panel_of(request)
    address, client = peer_of(request), request.headers.get("user-agent", "")[:200]
    cookies = dict(request.cookies)
    strange: Quirks = request.app.state.billmgr_quirks
    renamed = Quirk.RENAMED_LIST in strange and (form.func == RENAMED or form.func.startswith(f"{RENAMED}."))
    if renamed:
        form.values["func"] = "vds" + form.func.removeprefix(RENAMED)

    def run() -> Response:
        found = _called(panel, form, cookies, address, client, strange, renamed=renamed)
        return found if isinstance(found, Response) else _answer(form, *found, strange)

    known = FUNCTIONS.get(form.func)
    reads = known is None or known.how is How.OWN or (known.how in (How.READ, How.FORM) and not form.writes)
    return await (panel.read(run) if reads else panel.write(run))


def _called(
    panel: Panel, form: Form, cookies: dict[str, str], address: str, client: str, strange: Quirks, *, renamed: bool
) -> Response | tuple[Answer, str | None]:
    """An answer, with the session that the browser is to keep; or a page at once."""
    lang = form.get("lang")
    try:
        who = None if form.func == SIGN_IN else access.identify(panel.database, form, cookies)
        lang = lang or (who.lang if who is not None else "")
        lang = lang if lang in LANGUAGES else "en"
        known = _known(form, who)
        call = Call(form, who, panel.database, lang, address, client, strange, renamed)
        return _run(known, call), call.cookie
    except Refused as error:
        if error.kind in ("access", "auth") and not form.get("out"):
            return login_page()
        return error.doc(lang or "en"), None
    except (RuleBroken, EngineRefusal) as error:
        return of_engine(error).doc(lang or "en"), None


def _known(form: Form, who: Who | None) -> Function:
    """The function that is wanted. Raises :class:`Refused`; who is not signed in is not told which there are."""
    known = FUNCTIONS.get(form.func)
    if who is None and (known is None or known.open_to is not For.ANYBODY):
        raise no_access(form.func)
    if known is None:
        raise missed("func", form.func)
    if not known.allows(who):
        raise no_access(form.func)
    return known


def _run(known: Function, call: Call) -> Answer:
    database, how = call.database, known.how
    if how is How.OWN:
        return known.run(call)
    acts = how is How.ACT and not call.form.get("sv_field")
    if acts or (how in (How.FORM, How.PRICED) and call.writes):
        return _written(call, known.run)
    if how in (How.PRICED, How.ACT):
        return _undone(call, known.run)
    with database.read() as tx:
        call._tx = tx
        answer = known.run(call)
    if call.remembered:
        with database.write() as tx:
            keep_memory(tx, call.account_id, call.remembered)
    return answer


def _written(call: Call, run: Callable[[Call], Answer]) -> Answer:
    """Work and commit, or nothing at all; what a refusal is to be remembered for, is."""

    def work(tx: Tx) -> operations.Answer:
        call._tx = tx
        answer = run(call)
        tx.flush()
        if call.remembered:
            keep_memory(tx, call.account_id, call.remembered)
        return operations.Answer(200, answer)

    def refused(error: RuleBroken | EngineRefusal) -> operations.Answer:
        return operations.Answer(409, error)

    found: Any = operations.execute(call.database, 0, None, "", work, refused).body
    if isinstance(found, Exception):
        raise found
    answer: Answer = found
    return answer


def _undone(call: Call, run: Callable[[Call], Answer]) -> Answer:
    """Work, look at what it comes to, and leave nothing of it."""
    with call.database.write() as tx:
        call._tx = tx.fresh()
        savepoint = tx.conn.begin_nested()
        try:
            return run(call)
        finally:
            savepoint.rollback()


def _answer(form: Form, found: Answer, cookie: str | None, strange: Quirks = ()) -> Response:
    response = _raw(found) if isinstance(found, Raw) else _encoded(form, found, strange)
    if cookie is not None:
        response.set_cookie(COOKIE, cookie, path="/", httponly=True, samesite="strict")
    return response


def _raw(found: Raw) -> Response:
    headers = dict(_NO_STORE)
    if found.file_name:
        headers["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
    return Response(found.content, media_type=found.media_type, headers=headers)


def _encoded(form: Form, doc: Doc, strange: Quirks) -> Response:
    out = form.get("out").lower()
    if Quirk.COMMA_AMOUNTS in strange:
        doc = with_commas(doc)
    if out in encode.JSON_FORMS:
        lone, bare = Quirk.LONE_ROWS in strange, Quirk.BARE_SCALARS in strange
        content = encode.as_json(doc, lone_rows=lone, bare_scalars=bare)
        kind = "text/plain" if Quirk.TEXT_PLAIN in strange else "application/json"
    elif out == "bjson":
        content, kind = encode.as_bjson(doc), "application/json"
    elif out == "csv" and doc.first("error") is None:
        content, kind = encode.as_csv(doc), "text/csv"
    elif out in encode.XML_FORMS or out in ("csv", "text", "pdf_print", "doc_print"):
        asked = {name: value for name, value in form.values.items() if name not in _SECRET}
        content, kind = encode.as_xml(doc, asked), "text/xml"
    else:
        return plain_page(doc)
    return Response(content, media_type=kind, headers=_NO_STORE)
