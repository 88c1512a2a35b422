from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0012_trace_filters")]

    operations = [migrations.RemoveField("response", "lease_until")]
