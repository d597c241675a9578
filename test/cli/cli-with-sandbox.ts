// A command line in this process with a sandbox server behind it, and the server's user.
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { connectApi, userOf, type User } from '../support/clearml-user.ts';
import { openCli, type Cli } from './open-cli.ts';

export interface CliWithSandbox extends Cli {
  /** The sandbox's own address. */
  readonly url: string;
  readonly user: User;
}

/** The program finds its clearml.conf by default. @param settings more lines of the file */
export async function openCliWithSandbox(
  settings = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<CliWithSandbox> {
  const sandbox = await createSandbox({ port: 0, clock: systemClock });
  const cli = await openCli(environment);
  const { url, accessKey, secretKey } = sandbox;
  await cli.write(
    'clearml.conf',
    `api { api_server: ${url}, web_server: ${url}, credentials { access_key: "${accessKey}", secret_key: "${secretKey}" } }\n${settings}\n`,
  );
  return {
    ...cli,
    url,
    user: userOf(await connectApi(sandbox)),
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await cli[Symbol.asyncDispose]();
    },
  };
}
