// The sandbox as a server: envelopes, unknown endpoints, ports and invalid requests.
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { PortInUseError } from '../../src/sandbox/start-errors.ts';
import { rejection } from '../support/rejection.ts';
import { basicAuthorization, openSandbox, readResult, type OpenSandbox } from './open-sandbox.ts';

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface RawReply {
  readonly status: number | undefined;
  readonly body: string;
}

/** Sends a GET with a body, which fetch cannot do. */
async function send(sandbox: OpenSandbox, raw: RawRequest): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const body = raw.body ?? '';
    const outgoing = request(
      `${sandbox.url}${raw.path}`,
      {
        method: raw.method,
        headers: {
          authorization: basicAuthorization(sandbox.accessKey, sandbox.secretKey),
          'content-length': Buffer.byteLength(body),
          ...raw.headers,
        },
      },
      (reply) => {
        text(reply).then((read) => {
          resolve({ status: reply.statusCode, body: read });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('the HTTP server of the sandbox', () => {
  it('sends "Connection: close" only to a client with X-ClearML-Client', async () => {
    await using sandbox = await openSandbox();
    const connection = async (headers: Readonly<Record<string, string>>): Promise<string | null> =>
      (await fetch(`${sandbox.url}/debug.ping`, { headers })).headers.get('connection');
    expect(await connection({ 'X-ClearML-Client': 'api-2.1.12' })).to.equal('close');
    expect(await connection({})).to.equal('keep-alive');
  });

  for (const method of ['GET', 'POST', 'PUT']) {
    it(`reads the body of a ${method} request`, async () => {
      await using sandbox = await openSandbox();
      const { status, body } = await send(sandbox, {
        method,
        path: '/queues.create',
        body: '{"name":"made by any method"}',
      });
      expect(status).to.equal(200);
      expect(await sandbox.entriesOf(String(readResult(body).data['id']))).to.deep.equal([]);
    });
  }

  for (const path of ['/tasks.get_all', '/v2.5/tasks.get_all', '/v2.31/tasks.get_all/', '/v9.99/tasks.get_all']) {
    it(`serves tasks.get_all at ${path}`, async () => {
      await using sandbox = await openSandbox();
      const { body } = await send(sandbox, { method: 'GET', path });
      expect(readResult(body)).to.include({ result: '200/0', message: 'OK' });
    });
  }

  it('returns 404 for an unknown endpoint', async () => {
    await using sandbox = await openSandbox();
    const { status, body } = await send(sandbox, { method: 'POST', path: '/v2.31/workers.cluster_report' });
    expect(status).to.equal(404);
    expect(readResult(body)).to.include({
      result: '404/0',
      message: 'Unable to find endpoint (for name workers.cluster_report and version 2.31)',
    });
  });

  it('returns error 400 for the path /', async () => {
    await using sandbox = await openSandbox();
    expect(readResult((await send(sandbox, { method: 'GET', path: '/' })).body).result).to.equal('400/0');
  });

  it('still responds after a request for the path //', async () => {
    await using sandbox = await openSandbox();
    expect((await send(sandbox, { method: 'GET', path: '//' })).status).to.equal(400);
    expect((await sandbox.call('debug.ping')).result).to.equal('200/0');
  });

  it('does not start on a port that is in use', async () => {
    await using sandbox = await openSandbox();
    const port = Number(new URL(sandbox.url).port);
    const error = await rejection(createSandbox({ port, clock: systemClock }));
    expect(error).to.be.instanceOf(PortInUseError);
    expect(error.message).to.contain(String(port));
  });

  it('returns error 400 for a body that is not JSON', async () => {
    await using sandbox = await openSandbox();
    const { body } = await send(sandbox, { method: 'POST', path: '/tasks.get_all', body: '{"id":' });
    expect(readResult(body).result).to.equal('400/0');
  });

  it('returns 415 for a compressed request body', async () => {
    await using sandbox = await openSandbox();
    const headers = { 'content-encoding': 'gzip' };
    expect((await send(sandbox, { method: 'POST', path: '/tasks.get_all', headers })).status).to.equal(415);
  });

  it('returns an empty response to OPTIONS', async () => {
    await using sandbox = await openSandbox();
    expect(await send(sandbox, { method: 'OPTIONS', path: '/tasks.get_all' })).to.deep.equal({ status: 200, body: '' });
  });

  it('returns id, trx, endpoint and error_stack as the Python clients require', async () => {
    await using sandbox = await openSandbox();
    const headers = { 'x-clearml-trx': 'my-transaction' };
    const { body } = await send(sandbox, { method: 'GET', path: '/v2.31/debug.ping', headers });
    expect(body).to.match(/"id":"[0-9a-f]{32}","trx":"my-transaction"/);
    expect(body).to.contain('"endpoint":{"name":"debug.ping","requested_version":"2.31","actual_version":"1.0"}');
    expect(body).to.contain('"error_stack":null');
  });

  it('names the invalid field of a request', async () => {
    await using sandbox = await openSandbox();
    const answer = await sandbox.call('tasks.get_by_id', { task: 17 });
    expect(answer.result).to.equal('400/12');
    expect(answer.message).to.contain('task');
  });

  it('ignores null and unknown fields of a request', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    expect(
      (await sandbox.call('workers.status_report', { worker: 'w', timestamp: 1, task, tags: null, extra: 1 })).result,
    ).to.equal('200/0');
  });

  it('refuses connections after the shutdown', async () => {
    const sandbox = await openSandbox();
    await sandbox.close();
    let refused = false;
    await fetch(`${sandbox.url}/debug.ping`).catch(() => {
      refused = true;
    });
    expect(refused).to.equal(true);
  });
});
