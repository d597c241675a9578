// A proxy in front of a chaos run's ClearML server, as a process that is killed: it records each change.
// It forwards to the server at URL, or to a sandbox that it starts.
//   server-process.ts FOLDER [URL] WHO=PORT…
// Each caller has a separate port, which identifies it in the record. A request is recorded before it is forwarded, and a response
// before it is returned: a call without a response in the record may or may not have been executed.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import { request as requestByTls } from 'node:https';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import {
  beginsPoll,
  formatPoll,
  KEYS,
  POLL,
  POLLS_FILE,
  readResponse,
  readRequest,
  RECORD_FILE,
  RECORDED,
  SERVER_CLOCK_FILE,
} from './server-record.ts';

const [folder = '.', named = '', ...fronts] = process.argv.slice(2);
const behind = new URL(named === '' ? await startSandbox() : named);
const ask = behind.protocol === 'https:' ? requestByTls : request;
/** By daemon. */
const pollBeganAt = new Map<string, number>();
let calls = 0;

for (const front of fronts) {
  const [who = '', port = ''] = front.split('=');
  createServer((incoming, outgoing) => {
    void pass(who, incoming).then(
      ({ status, headers, body }) => {
        outgoing.writeHead(status, headers);
        outgoing.end(body);
      },
      () => outgoing.destroy(),
    );
  }).listen(Number(port), '127.0.0.1');
}

async function startSandbox(): Promise<string> {
  const { url } = await createSandbox({
    port: 0,
    stateFile: join(folder, 'server.json'),
    keys: KEYS,
    clock: { ...systemClock, now: () => Date.now() + offsetMs() },
  });
  return url;
}

function offsetMs(): number {
  try {
    return Number(readFileSync(join(folder, SERVER_CLOCK_FILE), 'utf8')) || 0;
  } catch {
    return 0;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function pass(who: string, incoming: IncomingMessage): Promise<Answer> {
  const body = await readAll(incoming);
  const endpoint = (incoming.url ?? '').split('/').at(-1)?.split('?')[0] ?? '';
  const isRecorded = RECORDED.has(endpoint);
  const call = `${process.pid}.${(calls += 1)}`;
  if (isRecorded) record({ at: Date.now(), call, who, endpoint, ...readRequest(body.toString()) });
  if (beginsPoll(endpoint, body.toString())) pollBeganAt.set(who, Date.now());
  const answer = await forward(incoming, body);
  if (isRecorded) record({ at: Date.now(), call, ...readResponse(answer.body.toString()) });
  if (endpoint === POLL) {
    const poll = { who, beganAt: pollBeganAt.get(who) ?? 0, at: Date.now() };
    appendFileSync(join(folder, POLLS_FILE), formatPoll(poll));
  }
  return answer;
}

function forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The record needs uncompressed responses.
    const plain = { ...headers, host: behind.host, 'accept-encoding': 'identity' };
    const path = `${behind.pathname.replace(/\/$/, '')}${url ?? ''}`;
    const call = ask({ hostname: behind.hostname, port: behind.port, method, path, headers: plain }, (reply) => {
      readAll(reply).then(
        (text) => resolve({ status: reply.statusCode ?? 500, headers: reply.headers, body: text }),
        reject,
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Writes each line with one call, so that a kill truncates at most the last line. */
function record(line: Readonly<Record<string, unknown>>): void {
  appendFileSync(join(folder, RECORD_FILE), `${JSON.stringify(line)}\n`);
}
