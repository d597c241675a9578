// The files server of the sandbox: artifacts and models, uploaded, downloaded and deleted as on ClearML's (fileserver.py).
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, stat, unlink } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ApiError } from './requests/api-error.ts';
import { MalformedFormError, readFormParts } from './requests/form-parts.ts';
import { randomId } from './store/random-id.ts';
import { refuseBody } from './requests/request-body.ts';
import { isEndpointPath } from './requests/request-text.ts';

/** Of one upload. */
const MOST_UPLOAD_BYTES = 1024 ** 3;

export interface FilesServerOptions {
  /** The directory of the files; without it, a temporary one that `close` removes. Created with the first upload. */
  readonly folder: string | undefined;
  /** @throws ApiError unless the header has a valid token */
  readonly authenticate: (authorization: string | undefined) => void;
}

export interface FilesServer {
  /** Whether the request is for a file, not a call of the API. */
  isForFiles(request: IncomingMessage): boolean;
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

export function createFilesServer({ folder, authenticate }: FilesServerOptions): FilesServer {
  let made: Promise<string> | undefined;

  /** Only the user of the sandbox can read it. */
  function root(): Promise<string> {
    made ??=
      folder === undefined
        ? mkdtemp(join(tmpdir(), 'clearml-sandbox-files-'))
        : mkdir(folder, { recursive: true, mode: 0o700 }).then(() => folder);
    return made;
  }

  async function upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const length = Number(request.headers['content-length'] ?? NaN);
    if (!(length <= MOST_UPLOAD_BYTES)) {
      refuseBody(request, response);
      return;
    }
    const stored: string[] = [];
    let isRefused = false;
    for await (const { name, isFile, content } of readFormParts(request, request.headers['content-type'] ?? '')) {
      const parts = partsOf(name);
      isRefused ||= isFile && parts === undefined;
      if (parts === undefined || !isFile || isRefused) {
        await skip(content);
      } else {
        await write(join(await root(), ...parts), content);
        stored.push(parts.join('/'));
      }
    }
    if (isRefused) reply(response, 404, 'Not Found');
    else reply(response, 200, JSON.stringify(stored));
  }

  /** A download at the same time returns the old file. */
  async function write(path: string, content: AsyncIterable<Buffer>): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const draft = join(dirname(path), `.draft-${randomId()}`);
    // Opened first: a stream that is destroyed while it opens its file may create the file after `rm`.
    const file = await open(draft, 'wx', 0o600);
    try {
      await pipeline(content, file.createWriteStream());
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** The file of the request's path; undefined if there is none. */
  async function findFile(request: IncomingMessage): Promise<{ readonly path: string; size: number } | undefined> {
    const parts = partsOf(decodePath(request));
    const base = folder ?? (await made);
    if (parts === undefined || base === undefined) return undefined;
    const path = join(base, ...parts);
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() === true ? { path, size: found.size } : undefined;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      authenticate(request.headers.authorization);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      request.resume();
      reply(response, 401, error.message);
      return;
    }
    if (request.method === 'POST') {
      await upload(request, response);
      return;
    }
    const file = await findFile(request);
    if (file === undefined) {
      reply(response, 404, 'Not Found');
    } else if (request.method === 'DELETE') {
      await unlink(file.path);
      reply(response, 200, JSON.stringify(partsOf(decodePath(request))?.join('/')));
    } else {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': file.size });
      if (request.method === 'HEAD') response.end();
      // A client that closes the connection has what it wants.
      else await pipeline(createReadStream(file.path), response).catch(() => response.destroy());
    }
  }

  return {
    isForFiles,
    serve: (request, response) =>
      serve(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else if (error instanceof MalformedFormError) reply(response, 400, 'Bad Request');
        else reply(response, 500, 'Internal Server Error');
      }),
    async close() {
      if (folder === undefined && made !== undefined) await rm(await made, { recursive: true, force: true });
    },
  };
}

/** The SDK posts forms to `/`, and stores everything below at least one directory. */
function isForFiles(request: IncomingMessage): boolean {
  const path = pathOf(request);
  if (request.method === 'POST')
    return path === '/' && (request.headers['content-type'] ?? '').startsWith('multipart/form-data');
  if (!['GET', 'HEAD', 'DELETE'].includes(request.method ?? '')) return false;
  return /^\/[^/]+\/./.test(path) && !isEndpointPath(path);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function decodePath(request: IncomingMessage): string {
  try {
    return decodeURIComponent(pathOf(request));
  } catch {
    return '';
  }
}

/** Undefined for a path that is empty or leaves the directory. */
function partsOf(path: string): string[] | undefined {
  const parts = path.replace(/^\/+/, '').split('/');
  const isAllowed = parts.every((part) => !['', '.', '..'].includes(part) && !part.includes('\0'));
  return isAllowed ? parts : undefined;
}

async function skip(content: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of content) void chunk;
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
