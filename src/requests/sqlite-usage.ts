/** Records of finished requests in the request database. */
import type { TableAccess } from "./sqlite-tables.ts";
import type { UsagePoint, UsageRecord, UsageTable } from "./store.ts";

type UsageRow = {
  readonly request_id: string;
  readonly account_id: string;
  readonly key_id: string | null;
  readonly dialect: UsageRecord["dialect"];
  readonly endpoint: string;
  readonly requested_as: string;
  readonly engine: string | null;
  readonly status: UsageRecord["status"];
  readonly compute_seconds: number;
  readonly input_bytes: number;
  readonly output_bytes: number;
  readonly units: number;
  readonly price: number;
  readonly charge: number;
  readonly created_at: number;
  readonly finished_at: number;
};

type SumRow = Pick<UsageRow, "endpoint" | "requested_as" | "units" | "price" | "charge"> & {
  readonly requests: number;
};

type PointRow = Omit<UsagePoint, "computeSeconds"> & { readonly compute_seconds: number };

/** The usage table. Its rows are written where requests end. */
export function usageTable({ sql, read }: Pick<TableAccess, "sql" | "read">): UsageTable {
  return {
    search: (accountId, { requestIds, since, until, oldestFirst, limit, offset }) =>
      read(() => {
        const ids = requestIds ? JSON.stringify(requestIds) : null;
        const which = { account_id: accountId, since, until, ids };
        const statement = oldestFirst ? sql.oldestUsage : sql.newestUsage;
        return {
          total: (sql.countUsage.get(which) as { total: number }).total,
          items: (statement.all({ ...which, limit, offset }) as UsageRow[]).map(toUsage),
        };
      }),
    summary: (accountId, { since, until }) =>
      read(() => {
        const rows = sql.sumUsage.all({ account_id: accountId, since, until }) as SumRow[];
        const sums = rows.map(({ requested_as, ...sum }) => ({ ...sum, requestedAs: requested_as }));
        return sums.sort((a, b) => b.price - a.price);
      }),
    series: (accountId, periods) =>
      read(() => {
        const pairs = JSON.stringify(periods.map(({ since, until }) => [since, until]));
        const rows = sql.usageSeries.all({ account_id: accountId, periods: pairs }) as PointRow[];
        return rows.map(({ compute_seconds, ...point }) => ({ ...point, computeSeconds: compute_seconds }));
      }),
    charged: (keyId) => read(() => (sql.charged.get({ key_id: keyId }) as { charged: number }).charged),
    reserved: (keyId) => read(() => (sql.reserved.get({ key_id: keyId }) as { reserved: number }).reserved),
  };
}

function toUsage(row: UsageRow): UsageRecord {
  return {
    requestId: row.request_id,
    accountId: row.account_id,
    keyId: row.key_id,
    dialect: row.dialect,
    endpoint: row.endpoint,
    requestedAs: row.requested_as,
    engine: row.engine,
    status: row.status,
    computeSeconds: row.compute_seconds,
    inputBytes: row.input_bytes,
    outputBytes: row.output_bytes,
    units: row.units,
    price: row.price,
    charge: row.charge,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}
