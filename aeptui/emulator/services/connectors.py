"""Connection specs: what each source is called, how it lets one in, what it can be asked.

The ids, names of authentication variants and their parameters are the platform's. The
sentences are ours, since people read them in forms.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

BATCH_PROVIDER = "0ed90a81-07f4-4586-8190-b40eccef1c5a"
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
DYNAMICS = "38ad80fe-8b06-4938-94f4-d4ee80266b07"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an authentication variant."""

    name: str
    meaning: str
    secret: bool = False
    required: bool = True
    shape: str = ""  # a format (uri) or, beginning with ^, a pattern


@dataclass(frozen=True, slots=True)
class Auth:
    """One authentication variant: the `auth.specName` and its parameters."""

    name: str
    type: str
    params: tuple[Param, ...]

    def wire(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "spec": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "description": f"Parameters of {self.name}.",
                "properties": {param.name: _property(param) for param in self.params},
                "required": [param.name for param in self.params if param.required],
            },
        }

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(param.name for param in self.params if param.secret)


def _property(param: Param) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": param.meaning}
    if param.secret:
        schema["format"] = "password"
    elif param.shape.startswith("^"):
        schema["pattern"] = param.shape
    elif param.shape:
        schema["format"] = param.shape
    if param.required:
        schema["minLength"] = 1
    return schema


_USER = Param("username", "The name of the account that reads the data.")
_PASSWORD = Param("password", "The password of that account.", secret=True)
_CLIENT = Param("clientId", "The client id of the connected app.")
_CLIENT_SECRET = Param("clientSecret", "The client secret of the connected app.", secret=True)
_ACCESS = Param("accessToken", "The access token that the service gave out.", secret=True)
_REFRESH = Param("refreshToken", "The refresh token that the service gave out.", secret=True)
_ORG_URL = Param("environmentUrl", "The URL of the organisation's instance.", shape="uri")
_SECURITY = Param("securityToken", "The security token of the account.", secret=True)
_SERVICE_URI = Param("serviceUri", "The URL of the Dynamics instance.", shape="uri")
_VERSION_PATTERN = "^[0-9]+\\.[0-9]+$"


def _version(required: bool) -> Param:
    meaning = "The version of the REST API, such as 52.0."
    return Param("apiVersion", meaning, required=required, shape=_VERSION_PATTERN)


_BASIC = "Basic Authentication"
_CREDENTIAL = "OAuth2 Client Credential"
_STRING = (
    Auth(
        "Connection String Based Authentication",
        "connectionStringAuth",
        (Param("connectionString", "The whole connection string, password included.", True),),
    ),
)
_SALESFORCE_BASIC = Auth(
    _BASIC, "BasicAuthentication", (_ORG_URL, _USER, _PASSWORD, _SECURITY, _version(False))
)
_SALESFORCE = (
    _SALESFORCE_BASIC,
    Auth(_CREDENTIAL, "OAuth2ClientCredential",
         (_ORG_URL, _CLIENT, _CLIENT_SECRET, _version(True))),
    Auth("OAuth2 JWT Token Credential", "OAuth2JwtToken",
         (Param("jwtToken", "The signed JWT.", secret=True), _CLIENT, _CLIENT_SECRET,
          Param("instanceUrl", "The URL of the organisation's instance.", shape="uri"))),
)  # fmt: skip
_AUTH: dict[str, tuple[Auth, ...]] = {
    "salesforce": _SALESFORCE,
    "salesforce-service-cloud": (_SALESFORCE_BASIC,),
    "dynamics-online": (
        Auth("Basic Authentication for Dynamics-Online", "BasicAuthentication",
             (_SERVICE_URI, _USER, _PASSWORD)),
        Auth("Service Principal Key Based Authentication", "ServicePrincipal",
             (_SERVICE_URI,
              Param("servicePrincipalId", "The client id of the Azure application."),
              Param("servicePrincipalKey", "The key of the Azure application.", secret=True))),
    ),
    "veeva": (Auth(_BASIC, "BasicAuthentication", (_ORG_URL, _USER, _PASSWORD, _SECURITY)),),
    "zoho-crm": (
        Auth(_BASIC, "BasicAuthentication",
             (Param("endpoint", "The host of the Zoho API."),
              Param("accountsUrl", "The accounts URL of your region.", shape="uri"),
              _CLIENT, _CLIENT_SECRET, _ACCESS, _REFRESH)),
    ),
    "sugarcrm-accounts-contacts": (
        Auth("OAuth2 Refresh Code", "OAuth2RefreshCode",
             (Param("host", "The host of the SugarCRM instance."), _USER, _PASSWORD)),
    ),
    "sap-hybris": (
        Auth(_CREDENTIAL, "OAuth2ClientCredential",
             (Param("region", "The region of the data centre."), _CLIENT, _CLIENT_SECRET,
              Param("tokenEndpoint", "Where tokens are asked for.", shape="uri"))),
    ),
    "hubspot": (
        Auth(_BASIC, "BasicAuthentication", (_CLIENT, _CLIENT_SECRET, _ACCESS, _REFRESH)),
    ),
    "service-now": (
        Auth(_BASIC, "BasicAuthentication",
             (Param("endpoint", "The URL of the ServiceNow instance.", shape="uri"),
              _USER, _PASSWORD)),
    ),
    "google-big-query": (
        Auth(_BASIC, "OAuth2.0",
             (Param("project", "The id of the default project."), _CLIENT, _CLIENT_SECRET,
              _REFRESH,
              Param("largeResultsDataSetId", "A dataset for large results.", required=False))),
    ),
}  # fmt: skip

# id, name, category, which flow specs take it: T tables, R self-serve REST, - none any more
_SPECS = (
    (SALESFORCE, "salesforce", "Salesforce", "crm", "T"),
    (DYNAMICS, "dynamics-online", "Microsoft Dynamics", "crm", "T"),
    ("fcad62f3-09b0-41d3-be11-449d5a621b69", "veeva", "Veeva CRM", "crm", "T"),
    ("929e4450-0237-4ed2-9404-b7e1e0a00309", "zoho-crm", "Zoho CRM", "crm", "T"),
    ("59a4b493-a615-40f9-bd38-f823d0909a2b", "sugarcrm-accounts-contacts",
     "SugarCRM Accounts & Contacts", "crm", "R"),
    ("d8ee38de-7ae9-4058-9610-c79ce75f8e92", "sap-hybris", "SAP Hybris", "crm", "R"),
    ("3416976c-a9ca-4bba-901a-1f08f66978ff", "amazon-redshift", "Amazon Redshift",
     "database", "T"),
    ("aac9bbd4-6c01-46ce-b47e-51c6f0f6db3f", "hive", "Apache Hive on HDInsight",
     "database", "T"),
    ("6a8d82bc-1caf-45d1-908d-cadabc9d63a6", "spark", "Apache Spark on HDInsight",
     "database", "T"),
    ("0479cc14-7651-4354-b233-7480606c2ac3", "azure-data-explorer", "Azure Data Explorer",
     "database", "T"),
    ("a49bcc7d-8038-43af-b1e4-5a7a089a7d79", "azure-synapse", "Azure Synapse Analytics",
     "database", "T"),
    ("ecde33f2-c56f-46cc-bdea-ad151c16cd69", "azure-table-storage", "Azure Table Storage",
     "database", "T"),
    ("a8f4d393-1a6b-43f3-931f-91a16ed857f4", "cassandra", "Cassandra", "database", "T"),
    ("1fe283f6-9bec-11ea-bb37-0242ac130002", "couchbase", "Couchbase", "database", "T"),
    ("e9d7ec6b-0873-4e57-ad21-b3a7c65e310b", "databricks", "Databricks", "database", "T"),
    ("8e6b41a8-d998-4545-ad7d-c6a9fff406c3", "odata", "Generic OData", "protocols", "T"),
    ("d771e9c1-4f26-40dc-8617-ce58c4b53702", "google-adwords", "Google Ads",
     "advertising", "T"),
    ("3c9b37f8-13a6-43d8-bad3-b863b941fedd", "google-big-query", "Google BigQuery",
     "database", "T"),
    ("37b6bf40-d318-4655-90be-5cd6f65d334b", "greenplum", "Greenplum", "database", "T"),
    ("a8b6a1a4-5735-42b4-952c-85dce0ac38b5", "vertica", "HP Vertica", "database", "T"),
    ("cc6a4487-9e91-433e-a3a3-9cf6626c1806", "hubspot", "HubSpot",
     "marketingAutomation", "T"),
    ("09182899-b429-40c9-a15a-bf3ddbc8ced7", "db2", "IBM DB2", "database", "T"),
    ("3000eb99-cd47-43f3-827c-43caf170f015", "mariadb", "MariaDB", "database", "T"),
    ("1f372ff9-38a4-4492-96f5-b9a4e4bd00ec", "sql-server", "Microsoft SQL Server",
     "database", "T"),
    ("26d738e0-8963-47ea-aadf-c60de735468a", "mysql", "MySQL", "database", "T"),
    ("d6b52d86-f0f8-475f-89d4-ce54c8527328", "oracle", "Oracle DB", "database", "T"),
    ("35d6c4d8-c9a9-11eb-b8bc-0242ac130003", "eloqua", "Oracle Eloqua",
     "marketingAutomation", "T"),
    ("ff4274f2-c9a9-11eb-b8bc-0242ac130003", "responsys", "Oracle Responsys",
     "marketingAutomation", "-"),
    ("ba5126ec-c9ac-11eb-b8bc-0242ac130003", "oracle-service-cloud", "Oracle Service Cloud",
     "customerSuccess", "-"),
    ("221c7626-58f6-4eec-8ee2-042b0226f03b", "paypal", "PayPal", "payments", "-"),
    ("102706fb-a5cd-42ee-afe0-bc42f017ff43", "phoenix", "Phoenix", "database", "-"),
    ("74a1c565-4e59-48d7-9d67-7c03b8a13137", "postgresql", "PostgreSQL", "database", "T"),
    ("ea1c2a08-b722-11eb-8529-0242ac130003", "salesforce-marketing-cloud",
     "Salesforce Marketing Cloud", "marketingAutomation", "T"),
    ("cb66ab34-8619-49cb-96d1-39b37ede86ea", "salesforce-service-cloud",
     "Salesforce Service Cloud", "customerSuccess", "T"),
    ("eb13cb25-47ab-407f-ba89-c0125281c563", "service-now", "ServiceNow",
     "customerSuccess", "T"),
    ("4f63aa36-bd48-4e33-bb83-49fbcd11c708", "shopify", "Shopify", "ecommerce", "T"),
    ("b2e08744-4f1a-40ce-af30-7abac3e23cf3", "snowflake", "Snowflake", "database", "T"),
    ("2acf109f-9b66-4d5e-bc18-ebb2adcff8d5", "square", "Square", "payments", "T"),
    ("2fa8af9c-2d1a-43ea-a253-f00a00c74412", "teradata-vantage", "Teradata Vantage",
     "database", "T"),
)  # fmt: skip

# The sources that filter rows themselves; no other takes `params.filters`.
FILTERING = frozenset({"salesforce", "dynamics-online", "google-big-query", "snowflake"})

_FILTER_AT_SOURCE = {
    "enabled": True,
    "queryLanguage": "SQL",
    "logicalOperators": ["and", "or", "not"],
    "comparisonOperators": ["=", "!=", "<", "<=", ">", ">=", "like", "in"],
    "columnNameEscapeChar": "",
    "valueEscapeChar": "'",
}


@dataclass(frozen=True, slots=True)
class Connector:
    """A source: its connection spec and what it can do."""

    id: str
    name: str
    title: str
    category: str
    takes: str
    auths: tuple[Auth, ...]

    @property
    def filters_rows(self) -> bool:
        return self.name in FILTERING

    def auth(self, name: object) -> Auth | None:
        return next((auth for auth in self.auths if auth.name == name), None)

    def wire(self) -> dict[str, Any]:
        ui: dict[str, Any] = {
            "uiAttributes": {"apiFeatures": {"explorePaginationSupported": False}},
            "category": self.category,
            "isSource": True,
            "connectorName": self.title,
        }
        if self.filters_rows:
            ui["filterAtSource"] = _FILTER_AT_SOURCE
        return {
            "id": self.id,
            "name": self.name,
            "providerId": BATCH_PROVIDER,
            "version": "1.0",
            "authSpec": [auth.wire() for auth in self.auths],
            "sourceSpec": {
                "name": "RestAPI" if self.takes == "R" else "Table",
                "type": "Source",
                "spec": _SOURCE_SPEC,
                "attributes": {"uiAttributes": {"category": {"key": self.category}}},
            },
            "exploreSpec": {
                "name": "Resource",
                "type": "Explore",
                "requestSpec": _EXPLORE_REQUEST,
                "responseSpec": {"type": "object"},
            },
            "attributes": ui,
            "permissionsInfo": {
                "view": [
                    {"@type": "lowLevel", "name": "EnterpriseSource", "permissions": ["read"]}
                ],
                "manage": [
                    {"@type": "lowLevel", "name": "EnterpriseSource", "permissions": ["write"]}
                ],
            },
        }


_SOURCE_SPEC = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "description": "What is read from the source.",
    "properties": {
        "tableName": {"type": "string", "description": "The path of the table, from explore."},
        "columns": {
            "type": "array",
            "description": "The columns to read; all of them when left out.",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "type": {"type": "string"},
                    "meta": {"type": "object", "properties": {"originalType": {"type": "string"}}},
                },
            },
        },
        "cdcEnabled": {"type": "boolean", "description": "Whether changes are captured."},
        "filters": {"type": "object", "description": "A PQL expression that rows have to meet."},
    },
    "required": ["tableName"],
}

_EXPLORE_REQUEST = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "objectType": {"type": "string", "enum": ["root", "table"]},
        "object": {"type": "string", "description": "The path of a table."},
        "preview": {"type": "boolean", "description": "Whether sample rows are wanted."},
    },
    "required": ["objectType"],
}


@cache
def connectors() -> dict[str, Connector]:
    """All sources by the id of their connection spec."""
    return {
        id: Connector(id, name, title, category, takes, _AUTH.get(name, _STRING))
        for id, name, title, category, takes in _SPECS
    }


@cache
def connection_specs() -> tuple[dict[str, Any], ...]:
    """Every connection spec in its wire form, the data lake (a target only) last."""
    return (
        *(connector.wire() for connector in connectors().values()),
        {
            "id": DATA_LAKE,
            "name": "datalake",
            "providerId": BATCH_PROVIDER,
            "version": "1.0",
            "authSpec": [],
            "targetSpec": {
                "name": "Dataset",
                "type": "Target",
                "spec": {
                    "$schema": "http://json-schema.org/draft-07/schema#",
                    "type": "object",
                    "properties": {"dataSetId": {"type": "string", "minLength": 1}},
                    "required": ["dataSetId"],
                },
            },
            "attributes": {"category": "Adobe", "isSource": False, "connectorName": "Data lake"},
            "permissionsInfo": {"view": [], "manage": []},
        },
    )
