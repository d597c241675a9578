// Writes and reads the record of the server's calls.
import { expect } from 'chai';
import { beginsPoll, formatPoll, readPolls, readResponse, readRequest, readRecord } from './server-record.ts';

const OK = { result_code: 200 };

describe('the log of ClearML calls in a chaos round', () => {
  it('contains the task and the queue of each request', () => {
    expect(readRequest('{"task":"t","queue":"q","status_reason":""}')).to.deep.equal({ task: 't', queue: 'q' });
    expect(readRequest('{"tasks":["t","u"]}')).to.deep.equal({ task: 't' });
    expect(readRequest('no JSON')).to.deep.equal({ task: '' });
  });

  it('contains the new status and the number of changed entries from each response', () => {
    const stopped = { meta: OK, data: { updated: 1, fields: { status: 'stopped', status_reason: 'x' } } };
    expect(readResponse(JSON.stringify(stopped))).to.deep.equal({ code: 200, status: 'stopped', count: 1 });
    expect(readResponse(JSON.stringify({ meta: OK, data: { removed: 0 } }))).to.deep.equal({ code: 200, count: 0 });
    expect(readResponse(JSON.stringify({ meta: OK, data: { entry: {} } }))).to.deep.equal({ code: 200, count: 1 });
    expect(readResponse(JSON.stringify({ meta: { result_code: 400 }, data: {} }))).to.deep.equal({ code: 400 });
    expect(readResponse('<html>')).to.deep.equal({ code: 0 });
  });

  it('joins each response to its request, even if the last line is incomplete', () => {
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

  it('contains the polls of each daemon, even if the last line is incomplete', () => {
    const polls = [
      { who: 'daemon-1', beganAt: 10, at: 20 },
      { who: 'daemon-2', beganAt: 0, at: 25 },
    ];
    expect(readPolls(`${polls.map(formatPoll).join('')}daemon-1 30 4`)).to.deep.equal(polls);
  });

  it('recognizes queues.get_all with page 0 as the start of a poll', () => {
    const isBegin = (body: object): boolean => beginsPoll('queues.get_all', JSON.stringify(body));
    expect([{ page: 0 }, { page: 1 }, { page: 0, id: ['q'] }, { name: '^q$' }].map(isBegin)).to.deep.equal([
      true,
      false,
      false,
      false,
    ]);
    expect(beginsPoll('tasks.get_all', '{"page":0}')).to.equal(false);
  });
});
