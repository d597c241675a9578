// How the real server writes the keys of a map that MongoDB must not take for paths or operators (ParameterKeyEscaper).
import { ApiError } from './api-error.ts';

/** @throws ApiError 400/12 when nothing is left of the key */
export function escapeKey(key: string): string {
  const text = key.trim();
  if (text === '') throw new ApiError('validation', {}, 'Empty key is not allowed');
  const escaped = text.replaceAll('%', '%%').replaceAll('.', '%2E').replaceAll('$', '%24').replaceAll('__', '%_%_');
  return escaped.startsWith('_') ? `%${escaped}` : escaped;
}
