// `agent.slurm.http`: addresses, paths and their errors.
import { expect } from 'chai';
import { parseListenAddress } from '../../../src/config/schema/http-schema.ts';
import { ConfigError } from '../../../src/config/errors.ts';
import { catchError } from '../catch-error.ts';
import { configWith } from '../config-from.ts';

describe('agent.slurm.http', () => {
  for (const [text, address] of [
    ['8910', { host: '127.0.0.1', port: 8910 }],
    ['0', { host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['login1.example.org:8910', { host: 'login1.example.org', port: 8910 }],
    ['[::1]:8910', { host: '::1', port: 8910 }],
    ['65536', undefined],
    ['', undefined],
    ['host', undefined],
    ['::1:80', undefined],
    ['a b:80', undefined],
    ['-1', undefined],
  ] as const) {
    const read = address === undefined ? '' : ` as host ${address.host}, port ${address.port}`;
    it(`${address === undefined ? 'rejects' : 'reads'} the address "${text}"${read}`, () => {
      expect(parseListenAddress(text)).to.deep.equal(address);
    });
  }

  it('enables the HTTP server only if listen or unix_socket is set', () => {
    expect(configWith('').settings.http).to.equal(undefined);
    expect(configWith('agent.slurm.http.listen = 8910').settings.http?.listen).to.deep.equal({
      host: '127.0.0.1',
      port: 8910,
    });
    expect(configWith('agent.slurm.http.unix_socket = "~/s"').settings.http).to.deep.include({
      listen: undefined,
      unixSocket: '/home/ada/s',
    });
    expect(configWith('agent.slurm.http.token_file = t').settings.http).to.equal(undefined);
  });

  it('names the permitted forms PORT and HOST:PORT if listen is invalid', () => {
    const { message } = catchError(ConfigError, () => configWith('agent.slurm.http.listen = "host"'));

    expect(message).to.include('must be PORT or HOST:PORT');
  });
});
