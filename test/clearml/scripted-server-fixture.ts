// A scripted server and clients of it for each test of a suite, stopped at the end of each.
import type { ClearmlClient } from '../../src/clearml/client.ts';
import { makeClient, type MakeClient } from './client-under-test.ts';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

export interface ScriptedServerFixture {
  /** A new one in each test. */
  readonly server: ScriptedServer;
  /** A client of it. */
  client(options?: MakeClient): ClearmlClient;
  /** The bodies that an endpoint was sent, in order. */
  sent(endpoint: string): unknown[];
}

/** Call it in the body of a `describe`. */
export function createScriptedServerFixture(): ScriptedServerFixture {
  let server: ScriptedServer | undefined;
  const clients: ClearmlClient[] = [];

  function running(): ScriptedServer {
    if (server === undefined) throw new Error('the server is there only while a test runs');
    return server;
  }

  beforeEach(async () => {
    server = await startScriptedServer();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await running().close();
    server = undefined;
  });

  return {
    get server() {
      return running();
    },
    client(options) {
      const client = makeClient(running().url, options);
      clients.push(client);
      return client;
    },
    sent: (endpoint) =>
      running()
        .callsOf(endpoint)
        .map((call) => JSON.parse(call.body) as unknown),
  };
}
