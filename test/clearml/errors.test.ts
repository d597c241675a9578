// Calls to a failing server: when they are retried, and whether a failed one may have had an effect.
import { expect } from 'chai';
import { LostRaceError, NotTheApiError, ServerRefusedError, ServerUnreachableError } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import { runPastDeadline } from '../transport/growing-deadline.ts';
import { createScriptedServerFixture } from './scripted-server-fixture.ts';
import { makeClient, queueId, SECRET_KEY, taskId, type LoggedLine, type MakeClient } from './client-under-test.ts';
import { data, hangUp, makeToken, page, refuse, stall, type Answer } from './scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const QUEUE = queueId('b'.repeat(32));
const A_TASK = data({ task: { id: TASK, status: 'queued' } });
const NONSENSE: readonly [name: string, failure: Answer] = ['a response that is not JSON', page(200, '{"meta":')];

describe('the ClearML client', () => {
  const fixture = createScriptedServerFixture();

  describe('(with retries)', () => {
    const passing: readonly [name: string, failure: Answer][] = [
      ['too many requests (429)', page(429, '')],
      ['a maintenance page (503)', page(503, '<html>Service Unavailable</html>')],
      ['a bad gateway (502)', page(502, '<html>Bad Gateway</html>')],
      ['an error inside the server (500)', refuse(500, 100, 'general data error')],
      ['a broken connection', hangUp()],
      [
        'a truncated response',
        (response) => response.writeHead(200, { 'content-length': '99' }).write('{', () => response.destroy()),
      ],
    ];
    for (const [name, failure] of passing) {
      it(`repeats a read-only call after ${name} until the call succeeds`, async () => {
        fixture.server.script('tasks.get_by_id', failure, failure, A_TASK);

        expect((await fixture.client().tasks.get(TASK))?.task.id).to.equal(TASK);

        expect(fixture.server.callsOf('tasks.get_by_id')).to.have.length(3);
      });
    }

    it('reports the last error of a read-only call when the retry time is over', async () => {
      fixture.server.script('tasks.get_by_id', page(502, '<html>Bad Gateway</html>'));

      let attempts = 0;
      const get = async (retryMs: number): Promise<Error> => {
        const before = fixture.server.callsOf('tasks.get_by_id').length;
        const failure = await rejection(fixture.client({ timeouts: { retryMs } }).tasks.get(TASK));
        attempts = fixture.server.callsOf('tasks.get_by_id').length - before;
        return failure;
      };

      const { error } = await runPastDeadline(get, () => attempts > 1);

      expect(error).to.be.instanceOf(ServerUnreachableError);
      expect(String(error)).to.include(fixture.server.url).and.include('tasks.get_by_id').and.include('502');
      expect(attempts).to.be.greaterThan(1);
    });

    it('repeats a non-idempotent call if the call certainly had no effect', async () => {
      fixture.server.script('queues.remove_task', page(429, ''), data({ removed: 1 }));

      expect(await fixture.client().queues.removeEntry(QUEUE, TASK)).to.equal(true);
    });

    for (const [name, failure] of [...passing.slice(1), NONSENSE]) {
      it(`does not repeat a non-idempotent call after ${name}`, async () => {
        fixture.server.script('queues.remove_task', failure, data({ removed: 1 }));

        const error = await rejection(fixture.client().queues.removeEntry(QUEUE, TASK));

        expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', true);
        expect(fixture.server.callsOf('queues.remove_task')).to.have.length(1);
      });
    }

    it('does not repeat a call that the server rejected', async () => {
      fixture.server.script('tasks.get_by_id', refuse(403, 20, 'forbidden (not allowed for role)'));

      const error = await rejection(fixture.client().tasks.get(TASK));

      expect(error)
        .to.be.instanceOf(ServerRefusedError)
        .and.include({ code: 403, subcode: 20, endpoint: 'tasks.get_by_id' });
      expect(error.message).to.include('not allowed for role');
      expect(fixture.server.callsOf('tasks.get_by_id')).to.have.length(1);
    });

    for (const subcode of [110, 121, 101]) {
      it(`reports a lost race after the server refused a status change with 400/${subcode} (C-30)`, async () => {
        fixture.server.script('tasks.failed', refuse(400, subcode, 'too late'));

        const error = await rejection(
          fixture.client().tasks.fail(TASK, { reason: 'r', message: 'm' }, { force: true }),
        );

        expect(error).to.be.instanceOf(LostRaceError).and.include({ code: 400, subcode });
      });
    }
  });

  async function failedPop(options: MakeClient = {}): Promise<ServerUnreachableError> {
    const error = await rejection(
      fixture.client({ timeouts: { retryMs: 0 }, ...options }).queues.removeEntry(QUEUE, TASK),
    );
    if (!(error instanceof ServerUnreachableError)) throw error;
    return error;
  }

  it('reports that the call had no effect if nothing listens at the address', async () => {
    await fixture.server.close();
    const { url } = fixture.server;

    const error = await failedPop();

    expect(error.mayHaveHappened).to.equal(false);
    expect(error.message).to.include(url).and.include('nothing listens on its port');
  });

  it('reports that the call had no effect if the server has stopped since the login', async () => {
    fixture.server.script('auth.login', (response, request) => {
      // Else the call could go out on this connection in the moment before its end is noticed.
      response.setHeader('connection', 'close');
      data({ token: makeToken() })(response, request);
    });
    const connected = fixture.client({ timeouts: { retryMs: 0 } });
    await connected.connect();
    await fixture.server.close();

    const error = await rejection(connected.queues.removeEntry(QUEUE, TASK));

    expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', false);
  });

  it("reports that the call had no effect if the server's name is unknown", async () => {
    const made = makeClient('http://no-such-host.invalid:8008', { timeouts: { retryMs: 0 } });
    const error = await rejection(made.queues.removeEntry(QUEUE, TASK));
    await made.close();

    expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', false);
  });

  it('reports that the call had no effect if the server does not speak TLS', async () => {
    const made = makeClient(fixture.server.url.replace('http:', 'https:'), { timeouts: { retryMs: 0 } });
    const error = await rejection(made.queues.removeEntry(QUEUE, TASK));
    await made.close();

    expect(error).to.be.instanceOf(NotTheApiError).and.have.property('mayHaveHappened', false);
  });

  it('reports that the call had no effect if the connection already broke during the login', async () => {
    fixture.server.script('auth.login', hangUp());

    expect((await failedPop()).mayHaveHappened).to.equal(false);
  });

  it('reports that the call had no effect if the login timed out', async () => {
    fixture.server.script('auth.login', stall());

    expect((await failedPop({ timeouts: { attemptMs: 50, retryMs: 0 } })).mayHaveHappened).to.equal(false);
  });

  const answers: readonly [mayHaveHappened: boolean, name: string, answer: Answer][] = [
    [false, 'the server reported maintenance (503)', refuse(503, 0, 'maintenance')],
    [false, 'the server refused too many requests (429)', page(429, '')],
    [false, 'a proxy rejected the request (413)', page(413, '<html>Too Large</html>')],
    [false, 'the response was a redirect', page(302, '', { location: 'http://elsewhere/' })],
    [true, 'a proxy responded with a maintenance page (503)', page(503, '<html>Service Unavailable</html>')],
    [true, 'a proxy sent the request and then lost the connection (503)', page(503, 'upstream reset')],
    [true, 'a proxy reported a bad gateway (502)', page(502, '')],
    [true, 'a proxy reported a timeout of the server (504)', page(504, '<html></html>')],
    [true, 'the server reported an internal error (500)', refuse(500, 0, 'general error')],
    [
      true,
      'the server crashed during the call (500 without JSON)',
      page(500, 'Internal Server Error', { 'content-type': 'text/plain' }),
    ],
    [true, 'the response was not JSON', page(200, 'hello')],
    [true, 'the response was JSON of an unknown form', data({ removed: 'many' })],
    [true, 'the connection broke before the response', hangUp()],
  ];
  for (const [mayHaveHappened, name, answer] of answers) {
    it(`reports that the call ${mayHaveHappened ? 'may have had an effect' : 'had no effect'} if ${name}`, async () => {
      fixture.server.script('queues.remove_task', answer);

      expect((await failedPop()).mayHaveHappened).to.equal(mayHaveHappened);
    });
  }

  for (const [name, answer] of [
    ['no response arrived before the timeout', stall()],
    ['the response was still incomplete at the timeout', stall('{"meta"')],
  ] as const) {
    it(`reports that the call may have had an effect if ${name}`, async () => {
      fixture.server.script('queues.remove_task', answer);

      const { error } = await runPastDeadline(
        (attemptMs) => failedPop({ timeouts: { attemptMs, retryMs: 0 } }),
        () => fixture.server.callsOf('queues.remove_task').length > 0,
      );

      expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', true);
    });
  }

  it('reports that the call may have had an effect if one of several attempts may have had an effect', async () => {
    const park = (retryMs: number): Promise<Error> => {
      fixture.server.script('queues.add_task', hangUp(), page(503, ''));
      return rejection(fixture.client({ timeouts: { retryMs } }).queues.park(QUEUE, TASK));
    };

    const { error } = await runPastDeadline(park, (failure) => String(failure).includes('503'));

    expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', true);
    expect(String(error)).to.include('503');
  });

  it('causes no listener-leak warning from Node.js when many calls run at the same time', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    fixture.server.script('tasks.get_by_id', A_TASK);
    const { tasks } = fixture.client();

    await Promise.all(Array.from({ length: 30 }, () => tasks.get(TASK)));
    // Node emits warnings one turn of the event loop later.
    await new Promise(setImmediate);
    process.off('warning', note);

    expect(warnings).to.deep.equal([]);
  });

  it('ends its running calls when the client is closed', async () => {
    const client = fixture.client();
    fixture.server.script('tasks.get_by_id', () => void client.close());

    const error = await rejection(client.tasks.get(TASK));

    expect(error.message).to.include('closed');
  });

  it('logs each retry with the endpoint of the call', async () => {
    const logged: LoggedLine[] = [];
    fixture.server.script('tasks.get_by_id', page(503, ''), A_TASK);

    await fixture.client({ logged }).tasks.get(TASK);

    expect(logged.map(({ level, data: about }) => [level, about?.['endpoint']])).to.deep.equal([
      ['debug', 'tasks.get_by_id'],
    ]);
  });

  it('sends no request for a call after the client is closed', async () => {
    const client = fixture.client();
    await client.close();

    const error = await rejection(client.tasks.get(TASK));

    expect(error.message).to.include('closed');
    expect(fixture.server.calls).to.have.length(0);
  });

  for (const endpoint of ['auth.login', 'tasks.get_by_id']) {
    it(`masks the secrets in the error if a response to ${endpoint} contains them`, async () => {
      fixture.server.script('tasks.get_by_id', A_TASK);
      fixture.server.script(endpoint, (response, request) => {
        const { authorization = '' } = request.headers;
        refuse(400, 12, `you sent <${authorization}>, ${SECRET_KEY} and proxy-word`)(response, request);
      });
      const settings = { httpProxy: 'someone:proxy-word@127.0.0.1:1', noProxy: '*' };

      const error = await rejection(fixture.client({ settings }).tasks.get(TASK));

      expect(error.message).to.match(/you sent <(Basic|Bearer) \*{8}>, \*{8} and \*{8}/);
    });
  }
});
