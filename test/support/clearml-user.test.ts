// The API client of the tests survives a server that closes an idle connection.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { connectApi } from './clearml-user.ts';

/** As one that was paused for longer than it keeps connections: a second call on the same one is reset. */
async function startForgetfulServer(): Promise<Server> {
  const used = new WeakSet<Socket>();
  const server = createServer((request, response) => {
    if (used.has(request.socket)) {
      request.socket.resetAndDestroy();
      return;
    }
    used.add(request.socket);
    request.resume();
    response.end(JSON.stringify({ meta: { result_code: 200, result_msg: 'OK' }, data: { token: 'a token' } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the API client of the tests', () => {
  it('uses a new connection for each call', async () => {
    const server = await startForgetfulServer();
    try {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new TypeError('no port');
      const api = await connectApi({ url: `http://127.0.0.1:${address.port}`, accessKey: 'key', secretKey: 'secret' });
      for (let call = 0; call < 3; call += 1) await api('queues.get_all', {});
      expect(await api('tasks.create', {})).to.deep.equal({ token: 'a token' });
    } finally {
      server.close();
    }
  });
});
