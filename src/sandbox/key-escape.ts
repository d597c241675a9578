// Escapes map keys that MongoDB would interpret as paths or operators, like ParameterKeyEscaper of the real server.
import { ApiError } from './api-error.ts';

/** @throws ApiError 400/12 if the key is empty */
export function escapeKey(key: string): string {
  const text = key.trim();
  if (text === '') throw new ApiError('validation', {}, 'Empty key is not allowed');
  const escaped = text.replaceAll('%', '%%').replaceAll('.', '%2E').replaceAll('$', '%24').replaceAll('__', '%_%_');
  return escaped.startsWith('_') ? `%${escaped}` : escaped;
}
