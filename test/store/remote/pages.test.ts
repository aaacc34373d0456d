import { describe, expect, it } from 'vitest';
import { belowBase } from '../../../src/store/remote/pages.ts';

describe('section 4: where a next page may be', () => {
  const base = 'https://ehr.example.org:8443/fhir/R4';

  it.each([
    ['https://ehr.example.org:8443/fhir/R4?_getpages=x&_getpagesoffset=5', '?_getpages=x&_getpagesoffset=5'],
    ['https://ehr.example.org:8443/fhir/R4/Patient?page=2', '/Patient?page=2'],
    ['https://EHR.example.org:8443/fhir/R4/?page=2', '/?page=2'],
    ['?page=2', '/?page=2'],
    ['Patient?page=2', '/Patient?page=2'],
    ['/fhir/R4/Patient?page=2', '/Patient?page=2'],
    ['https://ehr.example.org:8443/fhir/R4/a/../Patient?page=2', '/Patient?page=2'],
  ])('%s', (link, path) => {
    expect(belowBase(link, base)).toBe(path);
    expect(belowBase(base + path, base)).toBe(path);
  });

  it.each([
    'https://ehr.example.org/fhir/R4?page=2',
    'http://ehr.example.org:8443/fhir/R4?page=2',
    'https://ehr.example.org:8443/fhir/R4x?page=2',
    'https://ehr.example.org:8443/fhir/R4/../R5?page=2',
    'https://ehr.example.org:8443/fhir/R4/%2e%2e/R5?page=2',
    'https://ehr.example.org:8443.other.example/fhir/R4?page=2',
    'https://ehr.example.org:8443@other.example/fhir/R4?page=2',
    'https://user:word@ehr.example.org:8443/fhir/R4?page=2',
    '//other.example/fhir/R4?page=2',
    '\\\\other.example/fhir/R4',
    'javascript:alert(1)',
    'https://[',
  ])('never %s', (link) => {
    expect(belowBase(link, base)).toBeUndefined();
  });
});
