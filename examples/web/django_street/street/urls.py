"""Which address is which view."""

from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from street import views

urlpatterns = [
    path("cases", require_POST(views.cases)),
    path("cases/<str:case>", require_GET(views.case_view)),
    path("cases/<str:case>/resolve", require_POST(views.resolve)),
    path("work-list", require_GET(views.work_list)),
    path("health", require_GET(views.health)),
]
