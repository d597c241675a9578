// Probes the ClearML server: login, then queues.
import { nearestName } from '../base/did-you-mean.ts';
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import { describeRisks } from '../clearml/connection/connection-settings.ts';
import {
  CredentialsRejectedError,
  ServerRefusedError,
  ServerTooOldError,
  ServerUnreachableError,
  ServerUnusableError,
} from '../clearml/errors.ts';
import { isInternalQueue } from '../config/served-queues.ts';
import { NoCredentialsError } from '../config/errors.ts';
import type { AddressSeen, HereFacts, QueueSeen } from './configuration-checks.ts';
import { known, unavailable, unchecked, type Fact } from './check-result.ts';
import { withClearml } from '../assembly/clearml-from-config.ts';
import type { App } from '../assembly/app.ts';

type ServerPart = Pick<HereFacts, 'server' | 'credentials' | 'version' | 'serverAheadMs' | 'queues'>;

/** A user waits for the result. */
export const TIMEOUTS = { timeouts: { attemptMs: 10_000, retryMs: 2_000 } };

export async function probeServer(app: App): Promise<ServerPart> {
  const probe = async (clearml: ClearmlClient, facts: ServerFacts): Promise<ServerPart> => {
    const name = await nameOf(facts.user, clearml);
    return { ...answered(facts, name, app), queues: await probeQueues(app, clearml) };
  };
  return withClearml(app, probe, TIMEOUTS).catch((error: unknown) => explainNoLogin(error, app));
}

function answered(
  { apiServer, serverVersion, apiVersion, serverAheadMs }: ServerFacts,
  userName: string,
  app: App,
): Omit<ServerPart, 'queues'> {
  return {
    server: known(describeAddress(apiServer, app)),
    credentials: known(userName),
    version: known({ serverVersion, apiVersion }),
    serverAheadMs: known(serverAheadMs),
  };
}

function describeAddress(address: string, { config }: App): AddressSeen {
  const { verifyCertificate } = config.settings.api;
  return { address, risks: describeRisks({ apiServer: address, verifyCertificate }) };
}

/** The name in the web page, else the id. */
async function nameOf(user: string, { people }: ClearmlClient): Promise<string> {
  try {
    const name = (await people.user(user))?.['name'];
    return typeof name === 'string' && name !== '' ? name : user;
  } catch (error) {
    if (error instanceof ServerUnreachableError || error instanceof ServerRefusedError) return user;
    throw error;
  }
}

async function probeQueues({ config }: App, { queues }: ClearmlClient): Promise<Fact<QueueSeen[]>> {
  try {
    const names = await queues.names();
    const seen = config.settings.queues.map(async ({ name }): Promise<QueueSeen> => {
      const isThere = (await queues.find(name)) !== undefined;
      return { name, isThere, nearest: isThere ? undefined : nearestName(name, names) };
    });
    return known(await Promise.all(seen));
  } catch (error) {
    if (error instanceof ServerUnreachableError || error instanceof ServerRefusedError)
      return unavailable(error.message);
    throw error;
  }
}

/** The address of the server and the queues that users enqueue tasks in. */
export async function serverQueues(
  app: App,
  schedulerQueue: string,
): Promise<Fact<{ readonly address: string; readonly queues: readonly string[] }>> {
  try {
    const read = async ({ queues }: ClearmlClient, { apiServer: address }: ServerFacts) => {
      const names = await queues.names();
      return { address, queues: names.filter((name) => !isInternalQueue(name, [schedulerQueue])).toSorted() };
    };
    return known(await withClearml(app, read, TIMEOUTS));
  } catch (error) {
    const { server, credentials, version } = explainNoLogin(error, app);
    const why = [server, credentials, version].find(({ kind }) => kind === 'unavailable');
    return why?.kind === 'unavailable' ? why : unavailable('the server did not respond');
  }
}

/** The step that failed; the steps after it are unchecked. */
function explainNoLogin(error: unknown, app: App): ServerPart {
  const address = app.config.settings.api.apiServer ?? '';
  const notChecked = unchecked('not checked: login failed');
  const rest = { version: notChecked, serverAheadMs: notChecked, queues: notChecked };
  if (error instanceof NoCredentialsError) {
    const [fact = ''] = error.message.split('. ');
    return {
      ...rest,
      server: unchecked('not checked: address or credentials are missing'),
      credentials: unavailable(fact),
    };
  }
  if (error instanceof CredentialsRejectedError) {
    return {
      ...rest,
      server: known(describeAddress(address, app)),
      credentials: unavailable(`${address} rejected the credentials`),
    };
  }
  if (error instanceof ServerTooOldError) {
    return {
      ...rest,
      server: known(describeAddress(address, app)),
      credentials: known(''),
      version: unavailable(error.message),
    };
  }
  if (
    error instanceof ServerUnreachableError ||
    error instanceof ServerUnusableError ||
    error instanceof ServerRefusedError
  ) {
    return { ...rest, server: unavailable(error.message), credentials: notChecked };
  }
  throw error;
}
