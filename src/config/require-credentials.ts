// The connection to the ClearML server that the configuration describes; without an address or credentials, an error that says where to put them.
import type { ApiSettings } from './convert-settings.ts';
import type { Surroundings } from './environment-variables.ts';
import { NoCredentialsError } from './errors.ts';
import type { Config } from './load-config.ts';

/** What a session with the server needs: both keys, or a token. */
type Connection = Pick<ApiSettings, 'accessKey' | 'secretKey' | 'authToken' | 'verifyCertificate'> &
  Pick<Surroundings, 'caFile' | 'httpProxy' | 'httpsProxy' | 'noProxy'> & { readonly apiServer: string };

/** @throws NoCredentialsError when there is no server, or neither a pair of keys nor a token for it */
export function connectionOf({ settings, surroundings, files, missingFiles }: Config): Connection {
  const { apiServer, accessKey, secretKey, authToken, verifyCertificate } = settings.api;
  const looked = [...files, ...missingFiles.map((file) => `${file} (missing)`)].join(', ');
  if (authToken === undefined && (accessKey === undefined || secretKey === undefined)) {
    const lacking = accessKey === undefined ? 'api.credentials.access_key' : 'api.credentials.secret_key';
    const variable = accessKey === undefined ? 'CLEARML_API_ACCESS_KEY' : 'CLEARML_API_SECRET_KEY';
    throw new NoCredentialsError(
      `No ClearML credentials: ${lacking} is neither in ${looked} nor in ${variable}. ` +
        'Create them in the web page (Settings > Workspace > Create new credentials) and put them into ~/clearml.conf.',
    );
  }
  if (apiServer === undefined) {
    throw new NoCredentialsError(
      `No ClearML server: api.api_server is neither in ${looked} nor in CLEARML_API_HOST. ` +
        'Set it to the URL of the API server, such as https://api.clear.ml or http://host:8008.',
    );
  }
  const { caFile, httpProxy, httpsProxy, noProxy } = surroundings;
  return { apiServer, accessKey, secretKey, authToken, verifyCertificate, caFile, httpProxy, httpsProxy, noProxy };
}
