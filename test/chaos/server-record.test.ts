// Writes and reads the record of the server's calls.
import { expect } from 'chai';
import { countPolls, readResponse, readRequest, readRecord } from './server-record.ts';

const OK = { result_code: 200 };

describe("the record of the server's calls", () => {
  it('contains the task and queue of each call, whatever fields the endpoint uses for them', () => {
    expect(readRequest('{"task":"t","queue":"q","status_reason":""}')).to.deep.equal({ task: 't', queue: 'q' });
    expect(readRequest('{"tasks":["t","u"]}')).to.deep.equal({ task: 't' });
    expect(readRequest('no JSON')).to.deep.equal({ task: '' });
  });

  it('contains the effect of each call: the new status, and whether a queue entry was removed', () => {
    const stopped = { meta: OK, data: { updated: 1, fields: { status: 'stopped', status_reason: 'x' } } };
    expect(readResponse(JSON.stringify(stopped))).to.deep.equal({ code: 200, status: 'stopped', count: 1 });
    expect(readResponse(JSON.stringify({ meta: OK, data: { removed: 0 } }))).to.deep.equal({ code: 200, count: 0 });
    expect(readResponse(JSON.stringify({ meta: OK, data: { entry: {} } }))).to.deep.equal({ code: 200, count: 1 });
    expect(readResponse(JSON.stringify({ meta: { result_code: 400 }, data: {} }))).to.deep.equal({ code: 400 });
    expect(readResponse('<html>')).to.deep.equal({ code: 0 });
  });

  it('joins each response to its request, and ignores an incomplete last line', () => {
    const lines = [
      { at: 1, call: '9.1', who: 'user', endpoint: 'tasks.enqueue', task: 't', queue: 'q' },
      { at: 2, call: '9.2', who: 'node', endpoint: 'queues.remove_task', task: 't', queue: 's' },
      { at: 3, call: '9.1', code: 200, status: 'queued' },
    ].map((line) => JSON.stringify(line));

    expect(readRecord([...lines, '{"at":4,"call":"9.2","co'].join('\n'))).to.deep.equal([
      {
        at: 1,
        who: 'user',
        endpoint: 'tasks.enqueue',
        task: 't',
        queue: 'q',
        response: { at: 3, code: 200, status: 'queued' },
      },
      { at: 2, who: 'node', endpoint: 'queues.remove_task', task: 't', queue: 's', response: undefined },
    ]);
  });

  it('counts the polls of each daemon', () => {
    expect(
      ['daemon-1', 'daemon-2', 'daemon'].map((who) => countPolls('daemon-1\ndaemon-2\ndaemon-1\ndaem', who)),
    ).to.deep.equal([2, 1, 0]);
  });
});
