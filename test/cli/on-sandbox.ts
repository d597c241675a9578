// A command line in this process with a sandbox server behind it, and the server's user.
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { connectApi, userOf, type User } from '../e2e/api.ts';
import { here, type Here } from './run-here.ts';

export interface OnSandbox extends Here {
  /** The sandbox's own address. */
  readonly url: string;
  readonly user: User;
}

/** The program finds its clearml.conf by default. @param settings more lines of the file */
export async function hereOnSandbox(
  settings = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<OnSandbox> {
  const sandbox = await createSandbox({ port: 0, clock: systemClock });
  const place = await here(environment);
  const { url, accessKey, secretKey } = sandbox;
  await place.write(
    'clearml.conf',
    `api { api_server: ${url}, web_server: ${url}, credentials { access_key: "${accessKey}", secret_key: "${secretKey}" } }\n${settings}\n`,
  );
  return {
    ...place,
    url,
    user: userOf(await connectApi(sandbox)),
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await place[Symbol.asyncDispose]();
    },
  };
}
