// The setting `agent.slurm.http`: where the daemon serves its status page, metrics and health checks.
import * as z from 'zod';
import { localPath } from './setting-types.ts';

/** An address to listen on. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface HttpSettings {
  readonly listen: ListenAddress | undefined;
  /** undefined: `http-token` in the state directory. */
  readonly tokenFile: string | undefined;
  readonly unixSocket: string | undefined;
}

const LOOPBACK = '127.0.0.1';
const MAX_PORT = 65_535;

/** Parses `PORT`, `HOST:PORT` or `[ADDRESS]:PORT`; undefined if it is none of them. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, host, digits = ''] = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > MAX_PORT) return undefined;
  return { host: bracketed ?? host ?? LOOPBACK, port };
}

export const httpSection = z
  .strictObject({
    listen: z
      .union([z.int(), z.string()], 'must be PORT or HOST:PORT')
      .transform(String)
      .refine((text) => parseListenAddress(text) !== undefined, 'must be PORT or HOST:PORT, such as 8910')
      .optional()
      .describe(
        'The address of the HTTP server: `PORT` on 127.0.0.1, or `HOST:PORT`. Port 0 is any free port. Every request needs the token. Option `--http`.',
      ),
    token_file: localPath('state')
      .optional()
      .describe(
        'A file with the token of at least 32 characters, which only you can read. Created if missing. Default: `http-token` in the state directory.',
      ),
    unix_socket: localPath('state')
      .optional()
      .describe('The path of a Unix socket that serves the same pages without a token, to you and root only.'),
  })
  .optional()
  .describe(
    'An HTTP server with the status page, `/metrics`, `/healthz` and `/readyz`. Off by default. A reload does not change it.',
  );

export function httpSettings(section: z.infer<typeof httpSection>): HttpSettings | undefined {
  if (section === undefined) return undefined;
  const { listen, token_file: tokenFile, unix_socket: unixSocket } = section;
  if (listen === undefined && unixSocket === undefined) return undefined;
  return { listen: listen === undefined ? undefined : parseListenAddress(listen), tokenFile, unixSocket };
}
