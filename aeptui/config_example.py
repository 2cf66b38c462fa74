"""The text of `config.example.toml`, which `aeptui config init` writes for a new user."""

EXAMPLE = """\
# aeptui's configuration: every key, its default, and what it means.
#
# `aeptui config path` says where the file belongs, `aeptui config init` puts this
# one there, `aeptui config check` reads it and names what is wrong with its line.
# Nothing here is needed for `aeptui demo`, which takes the general keys from it and no profile;
# alerts only with `aeptui demo --config FILE`. aeptui never changes this file.

# The profile to use when neither --profile nor AEPTUI_PROFILE names one. With a
# single profile in the file, that one is used without being named.
# profile = "acme"

# The zone in which times are shown: "local", "UTC", or a name such as "Europe/Paris".
timezone = "local"

# So many days of runs and batches are read and kept.
history_days = 90

# The largest size of one sandbox's mirror on disk, in megabytes. When it is reached, the
# oldest runs and batches are forgotten first, except what is open and each flow's last run.
max_mb = 500

# How the screen is sent: "diff" sends only cells that changed, and no more of them than the
# terminal keeps up with; "stock" is Textual's own driver.
driver = "diff"

# Keep home as it was left, to draw it at the next start before anything is loaded.
saved_screen = true

# The colours, all of them the terminal's own: "default"; "high-contrast", where nothing is
# dim; "colour-blind", where nothing hangs on red or green; "light", for a white background.
theme = "default"

# A file of your own with meanings of error codes, absolute or beside this one. It comes
# before what aeptui knows; each entry has a code and at least one of the other three:
#   [[codes]]
#   code = "CONNECTOR-1001-500"
#   message = "invalid_client"     # only where the platform's message has this text; optional
#   meaning = "the CRM refused the credentials"
#   usual_cause = "the integration user's secret, which expires each 1 March"
#   what_to_do = "ask the CRM team for the new secret, test the base connection, retry"
code_book = ""

# Whether sample rows that were looked at may be kept on disk; they are personal data, and
# held in memory only while this is false. True keeps the newest, those of 200 runs in each
# sandbox and for history_days, so that `why` can still show them when the platform has them
# no more (30 days); false deletes what was kept.
keep_samples = false

[sync]
# Real seconds between two looks at flows and runs.
interval_s = 15
# How many calls a minute are sent at most, the questions you ask included.
calls_per_minute = 20

[thresholds]
# A flow is late when no run began this many minutes after it was due ...
late_minutes = 5
# ... or after so many times its usual lag, whichever is longer.
late_lags = 2
# A run is stuck when it has run this many minutes ...
stuck_minutes = 10
# ... and so many times the duration that 95 of 100 runs stay under.
stuck_times = 3
# A flow's first run may take so many hours: it has nothing to compare with.
stuck_first_hours = 24
# Rows or duration are odd outside the median plus or minus so many median deviations ...
odd_mads = 4
# ... over at least this many runs.
odd_runs = 10
# A flow is silent when a run brings no rows although, of so many clean runs before it ...
silent_of = 10
# ... at least so many had some.
silent_with_rows = 8
# A flow is expiring when its dataset will be deleted within so many days.
expiring_days = 7

# Other keys for what the console does: an id, which the help page of each screen lists
# at its end, then the key: a letter, "f5", "ctrl+x", or several parted by commas.
[keys]
# refresh = "f5"

# Whom to tell of what: new causes of failure (not each failure), and flows that got late,
# stuck, silent, odd or expiring. What is acknowledged, snoozed or expected tells nobody, and
# neither does what was already so when the console first looked. Of several consoles on one
# sandbox one delivers. Without any table here the bell rings, for the same once in 15 minutes;
# `alerts = []` at the top: silence.
# [[alerts]]
# on = ["failed", "late"]          # which states; also "out-of-touch" (nothing new from the
#                                  # platform) and "recovered"; default all but "recovered"
# flows = "Salesforce *"           # which flows, as a glob; default "*"
# bell = true                      # the terminal's bell and notification; default false
# command = ["/usr/local/bin/page"]  # run without a shell, one line of JSON on its input: event,
#                                  # at, cause, state, flows, rows_lost, first_seen
# webhook = "https://example.org/hook"   # the same JSON is posted
# quiet_s = 900                    # do not repeat the same within so many seconds; default 0

# One table for each organisation and role. Environment variables named AEPTUI_
# and the key (AEPTUI_ORG_ID, AEPTUI_CLIENT_SECRET, ...) win over the file.
# [profiles.acme]
# org_id = "0123456789ABCDEF01234567@AdobeOrg"
# client_id = "0123456789abcdef0123456789abcdef"
# client_secret = { command = ["pass", "show", "adobe/acme"] }   # the program's first output
# client_secret = { env = "ACME_SECRET" }                        # an environment variable
# client_secret = { file = "~/.config/aeptui/acme.secret" }      # mode 0600, or it is refused
# client_secret = { keyring = "aeptui/acme" }                    # needs pip install 'aeptui[keyring]'
# scopes = "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session"
# sandbox = "prod"
# platform_url = "https://platform.adobe.io"        # scheme and host only
# ims_url = "https://ims-na1.adobelogin.com"        # scheme and host only
# protected = ["prod"]      # sandboxes whose name must be typed before a write; true is all, default false
# read_only = true          # no writes unless this says false
# proxy = ""                # such as "http://proxy.example.org:3128"
# ca_bundle = ""            # a file of certificates to trust instead of the usual ones
"""
