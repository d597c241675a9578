// Opens the HTTP server of a daemon on the addresses that the settings name, and closes it.
import { chmod, rm } from 'node:fs/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { App } from '../assembly/app.ts';
import { makePrivateDirectory } from '../base/private-paths.ts';
import { inspectSocket } from '../base/trusted-socket.ts';
import { ConfigError } from '../config/errors.ts';
import type { ListenAddress } from '../config/schema/http-schema.ts';
import type { Monitor } from '../daemon/monitor/monitor.ts';
import { createAccess } from './authorize-request.ts';
import { closeServer, createWebServer, type Routes } from './http-server.ts';
import { createRoutes } from './routes.ts';
import {
  readOrMakeToken,
  removeListenNote,
  tokenFile,
  writeListenNote,
  type ListenNote,
} from './token-and-address-files.ts';
import { messageOf } from '../base/error-message.ts';

export interface WebServer {
  /** Closes all connections and frees the addresses. */
  close(): Promise<void>;
}

/**
 * Listens until it is closed. The caller holds the lock of a state directory. Without `agent.slurm.http`, there is nothing to open.
 * @throws ConfigError if an address cannot be used, StateDirectoryError if the token cannot
 */
export async function serveWeb(app: App, monitor: Monitor): Promise<WebServer | undefined> {
  const { http, clusters } = app.config.settings;
  if (http === undefined) return undefined;
  const { listen, unixSocket } = http;
  const routes = createRoutes(app, monitor);
  const servers: Server[] = [];
  let note: ListenNote | undefined;
  async function close(): Promise<void> {
    routes.close();
    await Promise.all(servers.map(closeServer));
    if (note !== undefined) await removeListenNote(clusters, note);
  }

  try {
    let address: ListenAddress | undefined;
    if (listen !== undefined) {
      const access = createAccess(await readOrMakeToken(tokenFile(clusters, http)), [listen.host, hostname()]);
      const server = createWebServer(routes, access);
      servers.push(server);
      address = { host: listen.host, port: await listenOn(server, listen, app) };
      app.log.info('Serving the status page', { http: `${listen.host}:${address.port}` });
    }
    if (unixSocket !== undefined) servers.push(await listenOnSocket(routes, unixSocket, app));
    note = { pid: process.pid, address, unixSocket };
    await writeListenNote(clusters, note);
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Returns the port. */
async function listenOn(server: Server, { host, port }: ListenAddress, { config }: App): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw refused(`cannot listen on ${host}:${port}`, error, config.originOf('agent.slurm.http.listen'));
  }
  return (server.address() as AddressInfo).port;
}

/** Of sun_path in unix(7), without the final NUL. */
const MAX_SOCKET_PATH = 107;

/** The permissions of the socket and its directory keep other users out, so it needs no token. */
async function listenOnSocket(routes: Routes, path: string, { config, log }: App): Promise<Server> {
  const server = createWebServer(routes, undefined);
  try {
    // Node refuses a longer one as an invalid argument.
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH)
      throw new Error(`the path of a Unix socket has at most ${MAX_SOCKET_PATH} bytes`);
    await makePrivateDirectory(dirname(path));
    const { isThere, why } = inspectSocket(path);
    if (why !== undefined) throw new Error(why);
    if (isThere && (await isListening(path))) throw new Error('another process listens on it');
    // A daemon that was killed left it.
    if (isThere) await rm(path);
    const before = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
    await once(server, 'listening');
    await chmod(path, 0o600);
  } catch (error) {
    throw refused(`cannot listen on ${path}`, error, config.originOf('agent.slurm.http.unix_socket'));
  }
  log.info('Serving the status page on a Unix socket', { socket: path });
  return server;
}

async function isListening(path: string): Promise<boolean> {
  const client = connect(path);
  try {
    await once(client, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

function refused(what: string, error: unknown, origin: ConfigError['origin'] | undefined): ConfigError {
  return new ConfigError(`${what}: ${messageOf(error)}`, origin ?? { kind: 'default' });
}
