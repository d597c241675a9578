// Limits for the body of a request before authentication: those of a real server.
import { request, type ClientRequest } from 'node:http';
import { expect } from 'chai';
import { openSandbox } from '../open-sandbox.ts';

const MIB = 1024 * 1024;

/** A request without credentials, and the status of its answer. */
function begin(url: string, headers: Record<string, string>): { sent: ClientRequest; status: Promise<number> } {
  const sent = request(`${url}/tasks.get_all`, { method: 'POST', headers });
  const status = new Promise<number>((resolve, reject) => {
    sent.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject);
  });
  return { sent, status };
}

describe('the sandbox server', () => {
  it('rejects a request at once if Content-Length exceeds 20 MiB', async () => {
    await using sandbox = await openSandbox();
    const { sent, status } = begin(sandbox.url, { 'content-length': String(20 * MIB + 1) });
    sent.flushHeaders();

    expect(await status).to.equal(413);
    sent.destroy();
    expect(await sandbox.makeTask()).to.be.a('string');
  });

  it('rejects three simultaneous chunked requests of more than 20 MiB', async () => {
    await using sandbox = await openSandbox();
    const all = Array.from({ length: 3 }, () => begin(sandbox.url, { 'transfer-encoding': 'chunked' }));
    const piece = Buffer.alloc(MIB);
    for (const { sent } of all) for (let part = 0; part < 21; part += 1) sent.write(piece);

    for (const { sent, status } of all) {
      expect(await status).to.equal(413);
      sent.destroy();
    }
    expect(await sandbox.makeTask()).to.be.a('string');
  });

  it('accepts a request body of 16 MiB', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask({ comment: 'x'.repeat(16 * MIB) });

    expect(task).to.be.a('string');
  });
});
