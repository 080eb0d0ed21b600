/** The server's keys, for whoever holds an admin key: made, limited, revoked. */
import { useEffect, useState } from "react";
import type { CatalogReply, KeysReply, KeyView, NewKeyReply } from "../../../src/playground/api.ts";
import { ApiError, call, json, loadCatalog } from "../shared/api.ts";
import { Confirm } from "../shared/dialog.tsx";
import { dollars, moment } from "../shared/format.ts";
import { Icon } from "../shared/icons.tsx";
import { useAsync } from "../shared/use-async.ts";
import { useTask } from "../shared/use-task.ts";
import { KeyDialog } from "./key-dialog.tsx";
import "./keys.css";
import { NewSecret } from "./new-secret.tsx";
import { OpenServer } from "./open-server.tsx";

type Shown =
  | { readonly what: "create" }
  | { readonly what: "change"; readonly key: KeyView }
  | { readonly what: "revoke"; readonly key: KeyView };

/** The page. */
export default function KeysPage() {
  const [version, setVersion] = useState(0);
  const { value: catalog } = useAsync("catalog", loadCatalog);
  const { value: fresh, error } = useAsync(`keys ${version}`, () => json<KeysReply>("/playground/api/keys"));
  // What was there stays in view while it is asked for anew.
  const [reply, setReply] = useState<KeysReply>();
  useEffect(() => {
    if (fresh) setReply(fresh);
  }, [fresh]);
  useEffect(() => {
    document.title = "Keys · Reshoot";
  }, []);

  return (
    <>
      <header className="keys-head">
        <h1>Keys</h1>
      </header>
      {error ? (
        <Refused error={error} />
      ) : reply && catalog ? (
        <Keys reply={reply} catalog={catalog} onChanged={() => setVersion((before) => before + 1)} />
      ) : (
        <div className="skeleton keys-skeleton" />
      )}
    </>
  );
}

function Refused({ error }: { readonly error: Error }) {
  if (error instanceof ApiError && error.status === 403) {
    return (
      <div className="notice keys-refused">
        <p>Your key is for requests. Only an admin key may see and change keys: ask whoever runs this server.</p>
      </div>
    );
  }
  return (
    <p className="notice danger" role="alert">
      {error.message}
    </p>
  );
}

function Keys({
  reply,
  catalog,
  onChanged,
}: {
  readonly reply: KeysReply;
  readonly catalog: CatalogReply;
  readonly onChanged: () => void;
}) {
  const [shown, setShown] = useState<Shown>();
  const [made, setMade] = useState<NewKeyReply>();
  const live = reply.keys.filter(({ revokedAt }) => revokedAt === null);
  const revoked = reply.keys.filter(({ revokedAt }) => revokedAt !== null);
  const done = (): void => {
    setShown(undefined);
    onChanged();
  };
  const row = (key: KeyView) => (
    <KeyRow
      key={key.id}
      view={key}
      own={key.id === reply.own}
      charges={catalog.charges}
      onChange={() => setShown({ what: "change", key })}
      onRevoke={() => setShown({ what: "revoke", key })}
    />
  );

  return (
    <>
      {reply.open ? (
        <OpenServer dormant={live.length} />
      ) : (
        <div className="keys-intro">
          <p>
            Programs send a key with every request; so does this page. A key belongs to an account, and sees the
            requests and files of that account only.
          </p>
          <button type="button" className="button primary" onClick={() => setShown({ what: "create" })}>
            <Icon name="plus" /> New key
          </button>
        </div>
      )}
      {made && <NewSecret made={made} onClose={() => setMade(undefined)} />}
      {live.length > 0 && (
        <ul className="keys" aria-label="Keys">
          {live.map(row)}
        </ul>
      )}
      {revoked.length > 0 && (
        <details className="keys-revoked">
          <summary>
            {revoked.length} revoked {revoked.length === 1 ? "key" : "keys"}
          </summary>
          <ul className="keys" aria-label="Revoked keys">
            {revoked.map(row)}
          </ul>
        </details>
      )}
      {shown?.what === "create" && (
        <KeyDialog
          charges={catalog.charges}
          onClose={() => setShown(undefined)}
          onMade={(key) => {
            setMade(key);
            done();
          }}
        />
      )}
      {shown?.what === "change" && (
        <KeyDialog
          changed={shown.key}
          charges={catalog.charges}
          onClose={() => setShown(undefined)}
          onMade={() => done()}
        />
      )}
      {shown?.what === "revoke" && (
        <Revoke view={shown.key} own={shown.key.id === reply.own} onClose={() => setShown(undefined)} onDone={done} />
      )}
    </>
  );
}

function KeyRow({
  view,
  own,
  charges,
  onChange,
  onRevoke,
}: {
  readonly view: KeyView;
  /** It is the visitor's. */
  readonly own: boolean;
  readonly charges: boolean;
  readonly onChange: () => void;
  readonly onRevoke: () => void;
}) {
  const { id, name, account, scope, source, createdAt, revokedAt, concurrency } = view;
  return (
    <li className={revokedAt === null ? "key" : "key gone"}>
      <div className="key-name">
        <h2>
          {name}
          {own && <small>yours</small>}
          {scope === "ADMIN" && <small>admin</small>}
          {source === "configured" && <small>configured</small>}
        </h2>
        <code>{id}</code>
      </div>
      <dl className="key-facts">
        <div>
          <dt>Account</dt>
          <dd className="mono">{account}</dd>
        </div>
        <div>
          <dt>{revokedAt === null ? "Made" : "Revoked"}</dt>
          <dd title={moment(revokedAt ?? createdAt)}>{moment(revokedAt ?? createdAt).split(",")[0]}</dd>
        </div>
        <div>
          <dt>At once</dt>
          <dd>{concurrency ?? "Any number"}</dd>
        </div>
        <Budget view={view} charges={charges} />
      </dl>
      <div className="key-actions">
        {revokedAt !== null ? null : source === "configured" ? (
          <p>
            From <code>--keys</code>
          </p>
        ) : (
          <>
            <button type="button" className="button small" aria-label={`Change the key ${name}`} onClick={onChange}>
              Change
            </button>
            <button
              type="button"
              className="button small danger"
              aria-label={`Revoke the key ${name}`}
              onClick={onRevoke}
            >
              Revoke
            </button>
          </>
        )}
      </div>
    </li>
  );
}

function Budget({ view, charges }: { readonly view: KeyView; readonly charges: boolean }) {
  const { budget, charged, reserved } = view;
  const spent = charged + reserved;
  if (budget === null) {
    return (
      <div>
        <dt>Budget</dt>
        <dd>{charges && spent > 0 ? `None; ${dollars(spent)} charged` : "None"}</dd>
      </div>
    );
  }
  return (
    <div>
      <dt>Budget</dt>
      <dd>
        {dollars(spent)} of {dollars(budget)}
        <meter
          min={0}
          max={budget || 1}
          value={Math.min(spent, budget || 1)}
          aria-label={`${dollars(spent)} of ${dollars(budget)} used`}
        />
      </dd>
    </div>
  );
}

function Revoke({
  view,
  own,
  onClose,
  onDone,
}: {
  readonly view: KeyView;
  readonly own: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const task = useTask();
  return (
    <Confirm
      title={`Revoke “${view.name}”?`}
      action="Revoke"
      busy={task.busy}
      problem={task.problem}
      onClose={onClose}
      onConfirm={async () => {
        const path = `/playground/api/keys/${encodeURIComponent(view.id)}`;
        if (await task.run(async () => void (await call(path, { method: "DELETE" })))) onDone();
      }}
    >
      <p>
        Programs that use it are refused from the next request on, and so are tokens made with it. What it has submitted
        goes on, and stays in the account.
      </p>
      {own && (
        <p>
          <strong>It is the key that this page uses:</strong> you will be asked for another one.
        </p>
      )}
      <p>This cannot be undone.</p>
    </Confirm>
  );
}
