// How the client sends lines to a task's console.
import { expect } from 'chai';
import { ServerUnreachableError } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import { createScriptedServerFixture } from './scripted-server-fixture.ts';
import { createSetClock, taskId, type LoggedLine } from './client-under-test.ts';
import { data, hangUp, page, refuse } from './scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const OTHER = taskId('b'.repeat(32));

describe('events.log of the ClearML client', () => {
  const fixture = createScriptedServerFixture();

  const added = data({ added: 1, errors: 0, errors_info: {} });

  function events(): { msg: string; timestamp: number; level: string }[] {
    return fixture.server
      .callsOf('events.add_batch')
      .flatMap((call) => call.body.split('\n'))
      .map((line) => JSON.parse(line) as { msg: string; timestamp: number; level: string });
  }

  it('C-25 sends JSON lines with timestamps one millisecond apart, across calls too', async () => {
    fixture.server.script('events.add_batch', added);
    const { events: console } = fixture.client({ clock: createSetClock(5000) });

    await console.log(TASK, 'w', [
      { level: 'INFO', text: 'one' },
      { level: 'ERROR', text: 'two\nthree' },
    ]);
    await console.log(TASK, 'w', [{ level: 'INFO', text: 'four' }]);

    expect(fixture.server.callsOf('events.add_batch')[0]?.contentType).to.equal('application/json-lines');
    expect(events()).to.deep.equal([
      { type: 'log', task: TASK, worker: 'w', level: 'INFO', msg: 'one', timestamp: 5000 },
      { type: 'log', task: TASK, worker: 'w', level: 'ERROR', msg: 'two\nthree', timestamp: 5001 },
      { type: 'log', task: TASK, worker: 'w', level: 'INFO', msg: 'four', timestamp: 5002 },
    ]);
  });

  it('splits lines at 64 KiB and sends at most 1 MiB per call', async () => {
    fixture.server.script('events.add_batch', added);
    const line = `${'x'.repeat(1023)}\n`;

    await fixture.client().events.log(TASK, 'w', [{ level: 'INFO', text: line.repeat(2000) }]);

    expect(
      events()
        .map(({ msg }) => msg)
        .join(''),
    ).to.equal(line.repeat(2000));
    for (const { msg } of events()) expect(msg.length).to.be.at.most(65_536);
    expect(fixture.server.callsOf('events.add_batch')).to.have.length(2);
  });

  it('C-25 does not send lines again that the server may have received', async () => {
    fixture.server.script('events.add_batch', hangUp());

    const error = await rejection(fixture.client().events.log(TASK, 'w', [{ level: 'INFO', text: 'x' }]));

    expect(error).to.be.instanceOf(ServerUnreachableError);
    expect(fixture.server.callsOf('events.add_batch')).to.have.length(1);
  });

  it('sends lines again that the server certainly has not received', async () => {
    fixture.server.script('events.add_batch', page(503, ''), added);

    await fixture.client().events.log(TASK, 'w', [{ level: 'INFO', text: 'x' }]);

    expect(fixture.server.callsOf('events.add_batch')).to.have.length(2);
  });

  it('causes no error if the task accepts no lines', async () => {
    const logged: LoggedLine[] = [];
    fixture.server.script('events.add_batch', refuse(400, 131, 'events not added'));

    await fixture.client({ logged }).events.log(TASK, 'w', [{ level: 'INFO', text: 'x' }]);

    expect(logged.map(({ level, data: about }) => [level, about?.['task']])).to.deep.equal([['debug', TASK]]);
  });

  it('sends lines of several waiting tasks in one call, in order', async () => {
    fixture.server.script('events.add_batch', added);
    const { events: console } = fixture.client({ clock: createSetClock(5000) });
    const logLine = (task: typeof TASK, text: string): Promise<void> =>
      console.log(task, 'w', [{ level: 'INFO', text }]);

    await Promise.all([logLine(TASK, 'alone'), logLine(OTHER, 'a'), logLine(TASK, 'b'), logLine(OTHER, 'c')]);

    expect(fixture.server.callsOf('events.add_batch').map(({ body }) => body.split('\n').length)).to.deep.equal([1, 3]);
    expect(events().map(({ msg, timestamp }) => [msg, timestamp])).to.deep.equal([
      ['alone', 5000],
      ['a', 5001],
      ['b', 5002],
      ['c', 5003],
    ]);
  });

  it('fails for each task whose lines did not reach the server', async () => {
    fixture.server.script('events.add_batch', added, hangUp());
    const { events: console } = fixture.client();
    const logLine = (task: typeof TASK): Promise<void> => console.log(task, 'w', [{ level: 'INFO', text: 'x' }]);

    const outcomes = await Promise.allSettled([logLine(TASK), logLine(TASK), logLine(OTHER)]);

    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'rejected']);
  });

  it('sends no request if there are no lines', async () => {
    await fixture.client().events.log(TASK, 'w', []);

    expect(fixture.server.calls).to.have.length(0);
  });
});
