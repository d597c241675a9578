// The connection to the ClearML server, and the errors if the configuration lacks something.
import { expect } from 'chai';
import { connectionOf } from '../../src/assembly/clearml-from-config.ts';
import { NoCredentialsError } from '../../src/config/errors.ts';
import { configFrom, configWith } from '../config/config-from.ts';
import { catchError } from '../config/catch-error.ts';

const WHOLE = 'api { api_server: "http://h:8008", credentials { access_key: AK, secret_key: SK } }';

describe('the configured connection to ClearML', () => {
  it('includes the server, the keys, the CA file and the proxy', () => {
    const config = configWith(WHOLE, {
      REQUESTS_CA_BUNDLE: '/ca.pem',
      https_proxy: 'http://proxy:3128',
      no_proxy: 'h',
    });

    expect(connectionOf(config)).to.deep.equal({
      apiServer: 'http://h:8008',
      accessKey: 'AK',
      secretKey: 'SK',
      authToken: undefined,
      verifyCertificate: true,
      caFile: '/ca.pem',
      httpProxy: undefined,
      httpsProxy: 'http://proxy:3128',
      noProxy: 'h',
    });
  });

  it('uses the token instead of keys if CLEARML_AUTH_TOKEN is set', () => {
    const config = configFrom({ environment: { CLEARML_API_HOST: 'http://h:8008', CLEARML_AUTH_TOKEN: 'ey.J' } });

    expect(connectionOf(config)).to.deep.include({ authToken: 'ey.J', accessKey: undefined });
  });

  it('causes an error that explains how to create keys if no keys are set', () => {
    const { message } = catchError(NoCredentialsError, () => connectionOf(configFrom({})));

    for (const word of [
      'access_key',
      '/home/ada/clearml.conf (missing)',
      'CLEARML_API_ACCESS_KEY',
      'Create new credentials',
    ]) {
      expect(message).to.contain(word);
    }
  });

  it('causes an error that names secret_key if only access_key is set', () => {
    const config = configWith('api { api_server: "http://h:8008", credentials { access_key: AK } }');

    const { message } = catchError(NoCredentialsError, () => connectionOf(config));

    expect(message).to.contain('api.credentials.secret_key').and.to.contain('in /home/ada/clearml.conf');
    expect(message).not.to.contain('AK.');
  });

  it('causes an error that names CLEARML_API_HOST if no server is set', () => {
    const config = configWith('api.credentials { access_key: AK, secret_key: SK }');

    expect(() => connectionOf(config)).to.throw(NoCredentialsError, 'CLEARML_API_HOST');
  });
});
