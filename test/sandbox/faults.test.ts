// Injected faults: calls of the sandbox that are dropped, delayed, held or rejected with an error.
import { expect } from 'chai';
import { rejection } from '../support/rejection.ts';
import { openSandbox } from './open-sandbox.ts';

describe('an injected fault of the sandbox server', () => {
  it('drops the connection before the call takes effect', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('sandbox.fault', { endpoint: 'tasks.started', kind: 'drop-before' });
    await rejection(sandbox.call('tasks.started', { task }));
    expect(await sandbox.statusOf(task)).to.equal('created');
  });

  it('drops the connection after the call has taken effect', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('sandbox.fault', { endpoint: 'tasks.started', kind: 'drop-after' });
    await rejection(sandbox.call('tasks.started', { task }));
    expect(await sandbox.statusOf(task)).to.equal('in_progress');
  });

  it('responds with status 502 and an HTML page', async () => {
    await using sandbox = await openSandbox();
    await sandbox.ok('sandbox.fault', { endpoint: 'debug.ping', kind: 'status', status: 502 });
    const reply = await fetch(`${sandbox.url}/debug.ping`);
    expect(reply.status).to.equal(502);
    expect(reply.headers.get('content-type')).to.equal('text/html');
    expect(await reply.text()).to.match(/^<html>/);
  });

  it('delays a response by 100 ms', async () => {
    await using sandbox = await openSandbox();
    await sandbox.ok('sandbox.fault', { endpoint: 'debug.ping', kind: 'delay', delayMs: 100 });
    const before = performance.now();
    expect((await sandbox.call('debug.ping')).result).to.equal('200/0');
    expect(performance.now() - before).to.be.greaterThan(90);
  });

  it('with "times: 2" occurs only twice, and only at the given endpoint', async () => {
    await using sandbox = await openSandbox();
    await sandbox.ok('sandbox.fault', { endpoint: 'debug.ping', kind: 'status', status: 503, times: 2 });
    const ping = async (): Promise<number> => (await fetch(`${sandbox.url}/debug.ping`)).status;
    expect((await sandbox.call('server.info')).result).to.equal('200/0');
    expect([await ping(), await ping(), await ping()]).to.deep.equal([503, 503, 200]);
  });

  it('occurs at every endpoint except "sandbox." endpoints if the endpoint is "*"', async () => {
    await using sandbox = await openSandbox();
    await sandbox.ok('sandbox.fault', { endpoint: '*', kind: 'drop-before', times: 1000 });
    await rejection(sandbox.call('server.info'));
    await rejection(sandbox.call('tasks.get_all'));
    expect(await sandbox.ok('sandbox.get_faults')).to.deep.equal({ waiting: 998, held: 0 });
    await sandbox.ok('sandbox.clear_faults');
    expect((await sandbox.call('tasks.get_all')).result).to.equal('200/0');
  });

  it('is rejected if the kind of the fault is unknown', async () => {
    await using sandbox = await openSandbox();
    expect((await sandbox.call('sandbox.fault', { endpoint: '*', kind: 'explode' })).result).to.equal('400/12');
  });

  it('does not delay the shutdown of the sandbox even if the fault holds a call', async () => {
    const sandbox = await openSandbox();
    const { answer } = await sandbox.held('queues.add_task', { queue: await sandbox.makeQueue('cpu'), task: 'x' });
    const lost = rejection(answer);
    await sandbox.close();
    await lost;
  });
});
