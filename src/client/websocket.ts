/** `fal.realtime` opens `wss://fal.run/…` with the global WebSocket and offers no setting: this is the only way in. */

type SocketConstructor = new (url: string | URL, ...rest: unknown[]) => object;

/** Marks the replaced WebSocket and holds its current route. */
const STATE = Symbol.for("reshoot.client.websocket");

type State = { route: (url: string) => string };

/**
 * Replaces the global WebSocket by one that asks `route` for its address. Calling it again only changes the route.
 * @throws Error when there is no global WebSocket (Node 20).
 */
export function routeRealtime(route: (url: string) => string): void {
  const scope = globalThis as unknown as { WebSocket?: SocketConstructor };
  const original = scope.WebSocket;
  if (!original) {
    throw new Error(
      "connect(..., { realtime: true }) needs a global WebSocket, which Node 20 does not have: " +
        'install ws and set it first, `globalThis.WebSocket = (await import("ws")).WebSocket`',
    );
  }
  const installed = (original as { [STATE]?: State })[STATE];
  if (installed) {
    installed.route = route;
    return;
  }
  const state: State = { route };
  scope.WebSocket = new Proxy(original, {
    construct: (target, [url, ...rest], newTarget) =>
      Reflect.construct(target, [state.route(String(url)), ...rest], newTarget) as object,
    get: (target, property, receiver) => (property === STATE ? state : Reflect.get(target, property, receiver)),
  });
}
