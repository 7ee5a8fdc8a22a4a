"""Addresses of signing in and out, of the own account, and of the accounts of others."""

from django.urls import path

from ksdb.access import own_views, views

app_name = "access"
urlpatterns = [
    path("sign-in/", own_views.sign_in, name="sign_in"),
    path("sign-out/", own_views.sign_out, name="sign_out"),
    path("welcome/<str:token>/", views.welcome, name="welcome"),
    path("account/second-factor/", own_views.second_factor, name="second_factor"),
    path("account/sessions/", own_views.sessions, name="sessions"),
    path("account/sessions/<int:session_id>/end/", own_views.end_session, name="end_session"),
    path("account/sessions/end-others/", own_views.end_others, name="end_other_sessions"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/invite/", views.invite, name="invite"),
    path("accounts/<int:account_id>/", views.account, name="account"),
    path("accounts/<int:account_id>/unit/", views.unit, name="unit"),
    path("accounts/<int:account_id>/grant/", views.grant, name="grant"),
    path("accounts/<int:account_id>/grants/<int:grant_id>/end/", views.end_grant, name="end_grant"),
    path("accounts/<int:account_id>/invite/", views.invite_again, name="invite_again"),
    path("accounts/<int:account_id>/deactivate/", views.deactivate, name="deactivate"),
    path("accounts/<int:account_id>/reactivate/", views.reactivate, name="reactivate"),
    path("accounts/<int:account_id>/end-sessions/", views.end_sessions, name="end_sessions"),
    path("accounts/<int:account_id>/reset-second-factor/", views.reset_second_factor, name="reset_second_factor"),
]

machinery = [
    path("sign-in/", own_views.sign_in, name="account_login"),
    path("sign-out/", own_views.sign_out, name="account_logout"),
    path("sign-in/code/", own_views.code, name="mfa_authenticate"),
    path("account/", own_views.overview, name="mfa_index"),
    path("account/password/", own_views.password, name="account_change_password"),
    path("account/confirm/", own_views.confirm, name="account_reauthenticate"),
    path("account/confirm/code/", own_views.confirm_by_code, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", own_views.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("account/app/", own_views.set_up_app, name="mfa_activate_totp"),
    path("account/app/remove/", own_views.remove_app, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", own_views.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", own_views.new_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/passkeys/add/", own_views.add_passkey, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", own_views.remove_passkey, name="mfa_remove_webauthn"),
]
"""The library's views under the names by which it looks for them; what it has besides is not mounted."""
