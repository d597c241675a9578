// The envelope of every response. The Python clients check its types, and require the versions to be texts.
import { randomId } from '../store/random-id.ts';
import type { ApiError } from './api-error.ts';
import type { Fields } from './endpoint.ts';

/** The version of the real server from whose source the rules are taken. */
export const SERVER_VERSION = '2.3.0';
export const API_VERSION = '2.34';

export interface Addressed {
  readonly endpoint: string | undefined;
  readonly version: string | undefined;
  /** The `X-Clearml-Trx` header. */
  readonly trx: string | undefined;
}

export function successEnvelope(addressed: Addressed, data: Fields): Fields {
  return { meta: meta(addressed, 200, 0, 'OK'), data };
}

export function failureEnvelope(addressed: Addressed, error: ApiError): Fields {
  return { meta: meta(addressed, error.code, error.subcode, error.message), data: {} };
}

function meta(addressed: Addressed, code: number, subcode: number, message: string): Fields {
  const id = randomId();
  return {
    id,
    trx: addressed.trx ?? id,
    endpoint: {
      name: addressed.endpoint ?? '',
      requested_version: addressed.version ?? API_VERSION,
      actual_version: '1.0',
    },
    result_code: code,
    result_subcode: subcode,
    result_msg: message,
    error_stack: null,
    error_data: {},
  };
}
