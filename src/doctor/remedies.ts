/** What has to be switched on, or done, on the server. */
export type ServerTopic =
  | 'access'
  | 'own-ids'
  | 'search-parameter'
  | 'search-form'
  | 'post-search'
  | 'paging'
  | 'transaction'
  | 'batch'
  | 'versions'
  | 'conditional-create'
  | 'references'
  | 'search-cache'
  | 'index-lag'
  | 'labels'
  | 'expunge'
  | 'reindex';

/** What helps on any server. */
const general = {
  version: 'Give the address of a FHIR R4 server.',
  install: 'Run npx herald install.',
  leftovers: 'Nothing of them counts; delete them by hand if they must go.',
} as const;

export type RemedyTopic = ServerTopic | keyof typeof general;

/** What each topic is called in the documentation. */
export const topicTitles: Readonly<Record<ServerTopic, string>> = {
  access: 'reading and writing a resource type',
  'own-ids': 'records under ids that the client chose',
  'search-parameter': 'a search parameter',
  'search-form': 'modifiers, prefixes, sorting, includes, totals',
  'post-search': 'searches by POST `_search`',
  paging: 'paging links that lead back to the server',
  transaction: 'transactions that are all or nothing',
  batch: 'batches',
  versions: 'versions, history and `If-Match`',
  'conditional-create': 'conditional create',
  references: 'references checked',
  'search-cache': 'searches not answered from a cache',
  'index-lag': 'searches that see the latest write',
  labels: 'labels and extensions kept',
  expunge: 'earlier versions taken away: `$expunge`',
  reindex: 'new search parameters applied to what is stored already',
};

/** A product, how it is told by `software.name` of its CapabilityStatement, and what its own documentation says. */
export interface Product {
  readonly name: string;
  readonly software: RegExp;
  /** Topics that are not here: its documentation, as far as it was looked at, says nothing of them. */
  readonly remedies: Readonly<Partial<Record<ServerTopic, string>>>;
  readonly sources: readonly string[];
}

export const products: readonly Product[] = [
  {
    name: 'HAPI FHIR',
    software: /\bhapi\b/i,
    remedies: {
      access: 'hapi.fhir.supported_resource_types lists the types that are served; left out, all are.',
      'own-ids': 'hapi.fhir.client_id_strategy: ALPHANUMERIC, or leave it out.',
      'search-parameter':
        "hapi.fhir.allow_override_default_search_params: true; then store R4's own SearchParameter with status active, and reindex.",
      'search-form':
        'hapi.fhir.allow_contains_searches: true for :contains; hapi.fhir.enable_index_missing_fields: true for :missing; hapi.fhir.enable_index_of_type: true for :of-type; reindex after the last two.',
      paging:
        'hapi.fhir.server_address is the address that links begin with; hapi.fhir.default_page_size and max_page_size are the sizes.',
      versions: 'hapi.fhir.etag_support_enabled: true, or leave it out.',
      references: 'hapi.fhir.enforce_referential_integrity_on_write: true, or leave it out.',
      expunge: 'hapi.fhir.expunge_enabled: true, or leave it out.',
      'search-cache': 'hapi.fhir.reuse_cached_search_results_millis is how long equal searches share an answer.',
      reindex:
        'New records are indexed at once, those that were there before by a job in the background within some minutes; POST $reindex starts it.',
    },
    sources: ['github.com/hapifhir/hapi-fhir-jpaserver-starter, application.yaml'],
  },
  {
    name: 'Medplum',
    software: /medplum/i,
    remedies: {
      'own-ids':
        'The server makes the ids. Only a client in a Super Admin project may choose them: Project.superAdmin, with all that it may do besides.',
      'search-form': 'accurateCountThreshold of the server says up to where _total=accurate is exact.',
      transaction:
        'Project.features must have transaction-bundles; without it a transaction is carried out entry by entry.',
      versions: 'If-Match is heeded; there is nothing to switch on.',
      references: 'Project.checkReferencesOnWrite: true.',
    },
    sources: [
      'medplum.com/docs/access/projects',
      'medplum.com/docs/self-hosting/project-settings',
      'medplum.com/docs/fhir-datastore/updating-data',
      'medplum.com/docs/search/paginated-search',
    ],
  },
  {
    name: 'Azure Health Data Services',
    software: /azure|microsoft/i,
    remedies: {
      'own-ids': 'A PUT creates; there is nothing to switch on.',
      'search-parameter':
        '$status shows whether a parameter is enabled, and selectable search parameters (a preview) enable it; one of your own is made with POST [base]/SearchParameter. Run POST [base]/$reindex afterwards.',
      transaction: 'The FHIR service has transactions, of at most 500 entries; the older Azure API for FHIR has none.',
      batch: 'There is nothing to switch on; at most 500 entries.',
      versions: 'The versioning policy must be versioned or version-update, for the service and for each type.',
      'conditional-create': 'There is nothing to switch on.',
      reindex: 'POST [base]/$reindex with an empty Parameters; until it is done the parameter is not for production.',
    },
    sources: [
      'learn.microsoft.com/azure/healthcare-apis/fhir/fhir-features-supported',
      'learn.microsoft.com/azure/healthcare-apis/fhir/how-to-do-custom-search',
      'learn.microsoft.com/azure/healthcare-apis/fhir/how-to-run-a-reindex',
      'learn.microsoft.com/azure/healthcare-apis/fhir/selectable-search-parameters',
      'learn.microsoft.com/azure/healthcare-apis/fhir/fhir-versioning-policy-and-history-management',
    ],
  },
  {
    name: 'Google Cloud Healthcare API',
    software: /google|cloud healthcare/i,
    remedies: {
      'own-ids': 'enableUpdateCreate: true on the FHIR store.',
      'search-parameter':
        'Store a SearchParameter, then call fhirStores.configureSearch with the canonical URLs of all that are to count.',
      'search-form': 'defaultSearchHandlingStrict: true refuses what is not known, as Herald asks with each search.',
      'post-search':
        'Its documentation says that POST _search takes no form, and parameters in the address alone: there is no switch.',
      transaction: 'There is nothing to switch on.',
      batch: 'A bundle may hold anything but searches: there is no switch.',
      versions: 'disableResourceVersioning: false, which cannot be changed after the store was made.',
      references: 'disableReferentialIntegrity: false, which cannot be changed after the store was made.',
      reindex: 'fhirStores.configureSearch reindexes by itself and answers an operation that tells how far it is.',
    },
    sources: [
      'cloud.google.com/healthcare-api/docs/reference/rest/v1/projects.locations.datasets.fhirStores',
      'cloud.google.com/healthcare-api/docs/reference/rest/v1/projects.locations.datasets.fhirStores.fhir/search-type',
      'cloud.google.com/healthcare-api/docs/how-tos/fhir-custom-search',
    ],
  },
  {
    name: 'AWS HealthLake',
    software: /healthlake|\baws\b|amazon/i,
    remedies: {
      'own-ids': 'A PUT creates under the id in the address; there is nothing to switch on.',
      'search-parameter': 'A subset of R4 is searchable, listed in its documentation.',
      'post-search': 'There is nothing to switch on.',
      transaction: 'There is nothing to switch on.',
      batch: 'There is nothing to switch on.',
      'index-lag':
        'Searches are eventually consistent; the request header x-amz-fhir-history-consistency-level: strong brings in what is not indexed yet.',
    },
    sources: [
      'docs.aws.amazon.com/healthlake/latest/devguide/managing-fhir-resources-update.html',
      'docs.aws.amazon.com/healthlake/latest/devguide/managing-fhir-resources-bundle.html',
      'docs.aws.amazon.com/healthlake/latest/devguide/reference-fhir-search-parameters.html',
      'docs.aws.amazon.com/healthlake/latest/devguide/searching-fhir-consistency-levels.html',
    ],
  },
  {
    name: 'Aidbox',
    software: /aidbox/i,
    remedies: {
      'own-ids': 'A PUT creates under the id in the address; there is nothing to switch on.',
      'search-parameter': 'Store a SearchParameter.',
      'search-form':
        "BOX_FHIR_SEARCH_COMPARISONS: true for FHIR's own comparison of dates; BOX_FHIR_SEARCH_DEFAULT_PARAMS_TOTAL is how totals are counted.",
      paging: 'BOX_FHIR_COMPLIANT_MODE: true, with BOX_WEB_BASE_URL, makes links absolute.',
      transaction: 'There is nothing to switch on; leave BOX_FHIR_TRANSACTION_MAX_ISOLATION_LEVEL at none.',
      batch: 'There is nothing to switch on.',
      versions: 'If-Match is heeded; there is nothing to switch on.',
      references: 'BOX_FHIR_VALIDATION_SKIP_REFERENCE: false, or leave it out.',
    },
    sources: [
      'docs.aidbox.app: rest-api/crud/update, rest-api/fhir-search/searchparameter, batch-transaction, settings',
    ],
  },
];

/** The product that answers with this `software.name`, if it is one of these. */
export function productOf(software: string | undefined): Product | undefined {
  return products.find((one) => one.software.test(software ?? ''));
}

/** How to put it right on this product. */
export function remedyFor(product: Product | undefined, topic: RemedyTopic): string {
  if (isGeneral(topic)) return general[topic];
  if (product === undefined) return 'See docs/fhir-servers.md; this server is none of those described there.';
  return `${product.name}: ${product.remedies[topic] ?? 'not documented, as far as we looked.'}`;
}

function isGeneral(topic: RemedyTopic): topic is keyof typeof general {
  return Object.hasOwn(general, topic);
}
