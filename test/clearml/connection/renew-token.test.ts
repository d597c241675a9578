// Login to the server: once for all calls, and again when the token expires.
import { expect } from 'chai';
import { CredentialsRejectedError, ServerUnreachableError } from '../../../src/clearml/errors.ts';
import { rejection } from '../../support/rejection.ts';
import { createScriptedServerFixture } from '../scripted-server-fixture.ts';
import { ACCESS_KEY, createSetClock, queueId, SECRET_KEY, taskId } from '../client-under-test.ts';
import { data, later, makeToken, refuse } from '../scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const QUEUE = queueId('b'.repeat(32));
const A_TASK = data({ task: { id: TASK, status: 'queued' } });

describe('the ClearML client', () => {
  const fixture = createScriptedServerFixture();

  it('logs in once for all calls that start at the same time', async () => {
    fixture.server.script('tasks.get_by_id', A_TASK);
    const { tasks } = fixture.client();

    await Promise.all([tasks.get(TASK), tasks.get(TASK), tasks.get(TASK)]);
    await tasks.get(TASK);

    expect(fixture.server.callsOf('auth.login')).to.have.length(1);
    expect(fixture.server.callsOf('tasks.get_by_id')).to.have.length(4);
  });

  it('logs in with the access key and the secret key, and uses the token for later calls', async () => {
    const token = makeToken();
    fixture.server.script('auth.login', data({ token }));
    fixture.server.script('tasks.get_by_id', A_TASK);

    await fixture.client().tasks.get(TASK);

    const basic = Buffer.from(`${ACCESS_KEY}:${SECRET_KEY}`).toString('base64');
    expect(fixture.server.calls.map((call) => call.authorization)).to.deep.equal([`Basic ${basic}`, `Bearer ${token}`]);
  });

  it('logs in with a configured token if there are no keys', async () => {
    fixture.server.script('tasks.get_by_id', A_TASK);

    await fixture.client({ settings: { authToken: 'given-token', accessKey: undefined } }).tasks.get(TASK);

    expect(fixture.server.callsOf('auth.login')[0]?.authorization).to.equal('Bearer given-token');
  });

  it('logs in with a configured token, and later with the token that the server returned', async () => {
    const shortLived = makeToken({ exp: 0 });
    fixture.server.script('auth.login', data({ token: shortLived }), data({ token: makeToken() }));
    fixture.server.script('tasks.get_by_id', A_TASK);
    const { tasks } = fixture.client({ settings: { authToken: 'given-token' } });

    await tasks.get(TASK);
    await tasks.get(TASK);

    const headers = fixture.server.callsOf('auth.login').map((call) => call.authorization);
    expect(headers).to.deep.equal(['Bearer given-token', `Bearer ${shortLived}`]);
  });

  it('logs in with the configured token again if the server rejects a newer token', async () => {
    const shortLived = makeToken({ exp: 0 });
    fixture.server.script(
      'auth.login',
      data({ token: shortLived }),
      refuse(401, 30, 'expired'),
      data({ token: makeToken() }),
    );
    fixture.server.script('tasks.get_by_id', A_TASK);
    const { tasks } = fixture.client({ settings: { authToken: 'given-token' } });
    await tasks.get(TASK);

    expect(await rejection(tasks.get(TASK))).to.be.instanceOf(CredentialsRejectedError);
    await tasks.get(TASK);

    const headers = fixture.server.callsOf('auth.login').map((call) => call.authorization);
    expect(headers).to.deep.equal(['Bearer given-token', `Bearer ${shortLived}`, 'Bearer given-token']);
  });

  it('reports rejected credentials and does not retry the login', async () => {
    fixture.server.script('auth.login', refuse(401, 22, 'unauthorized (invalid credentials)'));

    const error = await rejection(fixture.client().tasks.get(TASK));

    expect(error).to.be.instanceOf(CredentialsRejectedError);
    expect(error.message).to.include(fixture.server.url).and.include('api.credentials').and.not.include(SECRET_KEY);
    expect(fixture.server.callsOf('auth.login')).to.have.length(1);
  });

  it('reports missing credentials without a request to the server', async () => {
    const error = await rejection(fixture.client({ settings: { secretKey: undefined } }).tasks.get(TASK));

    expect(error).to.be.instanceOf(CredentialsRejectedError);
    expect(error.message).to.include('CLEARML_API_SECRET_KEY');
    expect(fixture.server.calls).to.have.length(0);
  });

  it('names CLEARML_AUTH_TOKEN if the server rejects the configured token', async () => {
    fixture.server.script('auth.login', refuse(401, 30, 'invalid token'));

    const error = await rejection(fixture.client({ settings: { authToken: 'given-token' } }).tasks.get(TASK));

    expect(error).to.be.instanceOf(CredentialsRejectedError);
    expect(error.message).to.include('CLEARML_AUTH_TOKEN').and.not.include('given-token');
  });

  it('delays calls that start during a login until the login ends', async () => {
    let open: (value?: unknown) => void = () => undefined;
    const gate = new Promise((resolve) => {
      open = resolve;
    });
    fixture.server.script('auth.login', later(gate, data({ token: makeToken() })));
    fixture.server.script('tasks.get_by_id', A_TASK);
    const { tasks } = fixture.client();

    const both = Promise.all([tasks.get(TASK), tasks.get(TASK)]);
    open();
    await both;

    expect(fixture.server.callsOf('auth.login')).to.have.length(1);
  });

  describe('with a token', () => {
    it('renews the token five minutes before it expires, by the local clock', async () => {
      const clock = createSetClock(5_000_000_000);
      const [first, second] = [
        makeToken({ iat: 1000, exp: 1000 + 86_400 }),
        makeToken({ iat: 9000, exp: 9000 + 86_400 }),
      ];
      fixture.server.script('auth.login', data({ token: first }), data({ token: second }));
      fixture.server.script('tasks.get_by_id', A_TASK);
      const { tasks } = fixture.client({ clock });

      await tasks.get(TASK);
      clock.set(5_000_000_000 + 86_400_000 - 301_000);
      await tasks.get(TASK);
      clock.set(5_000_000_000 + 86_400_000 - 299_000);
      await tasks.get(TASK);

      const headers = fixture.server.callsOf('tasks.get_by_id').map((call) => call.authorization);
      expect(headers).to.deep.equal([`Bearer ${first}`, `Bearer ${first}`, `Bearer ${second}`]);
    });

    for (const subcode of [20, 30, 31]) {
      it(`replaces the token after the error 401/${subcode}, even for a call that is not idempotent (C-18)`, async () => {
        const [old, fresh] = [makeToken({ n: 1 }), makeToken({ n: 2 })];
        fixture.server.script('auth.login', data({ token: old }), data({ token: fresh }));
        fixture.server.script('queues.remove_task', refuse(401, subcode, 'no'), data({ removed: 1 }));

        expect(await fixture.client().queues.removeEntry(QUEUE, TASK)).to.equal(true);

        expect(fixture.server.callsOf('queues.remove_task').map((call) => call.authorization)).to.deep.equal([
          `Bearer ${old}`,
          `Bearer ${fresh}`,
        ]);
      });
    }

    it('replaces a rejected token only once, even if several calls failed with it', async () => {
      fixture.server.script('auth.login', data({ token: makeToken({ n: 1 }) }), data({ token: makeToken({ n: 2 }) }));
      const refused = refuse(401, 30, 'expired');
      fixture.server.script('tasks.get_by_id', A_TASK, refused, refused, refused, A_TASK);
      const { tasks } = fixture.client();
      await tasks.get(TASK);

      await Promise.all([tasks.get(TASK), tasks.get(TASK), tasks.get(TASK)]);

      expect(fixture.server.callsOf('auth.login')).to.have.length(2);
    });

    it('reports the server as unreachable if the server rejects a new token', async () => {
      fixture.server.script('queues.remove_task', refuse(401, 30, 'invalid token'));

      const error = await rejection(fixture.client({ timeouts: { retryMs: 0 } }).queues.removeEntry(QUEUE, TASK));

      expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', false);
      expect(fixture.server.callsOf('queues.remove_task')).to.have.length(2);
    });
  });
});
